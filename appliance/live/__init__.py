"""Live events: one log, read by websocket, SSE and poll, each with a cursor."""
