"""The agents' side: who may come in, what they see, what they do."""
