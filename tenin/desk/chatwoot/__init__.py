"""Chatwoot as the desk: a conversation is passed on to an API inbox, the answers come back.

`api` calls Chatwoot, `story` words what its agents must know first, `forwarder` passes on what is
due, `events` does what its agents did, which `webhook` is told of and `look` asks for, and
`channel` puts it together.
"""
