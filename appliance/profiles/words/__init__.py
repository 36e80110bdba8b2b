"""Forbidden words: an operator's list, and how texts are compared with it, tricks undone.

letters   one character: its plain form, and what letters it may stand for
reading   a text cut into words, each as it may be read
patterns  how a word is looked for, as an operator writes it
index     all patterns at once, for a word
judging   what of the list is in a text
"""
