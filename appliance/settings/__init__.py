"""Settings that change while the processes run: declared, stored in layers, told to all by Valkey, and read as one."""
