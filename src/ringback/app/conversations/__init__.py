"""Conversations by text: flows that lead what two addresses write to each other.

chat.py       a conversation, as the authors of its flow see it
route.py      the flow, registered
choices.py    what may be chosen, by number or word
addresses.py  who writes to whom; words that end it
run.py        one under way: what is asked, answered, and sent
sending.py    what no webhook waits for, sent by the REST API
inbox.py      messages that come in: which conversation they are for, and what their webhooks get
"""
