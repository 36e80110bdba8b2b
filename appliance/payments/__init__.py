"""What publishing costs: asked for, looked for on a chain, or marked by an operator. Knows editions by their ids."""
