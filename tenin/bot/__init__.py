"""All that imports Rasa: it adapts the other rooms to Rasa's interfaces, and nothing else.

Rasa finds these classes by their module paths in config.yml, endpoints.yml and
credentials.yml.
"""
