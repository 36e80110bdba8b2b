"""Chats: rooms of people whose messages have files. A chat owns its files, and its stream is the room's."""
