"""The emulated REST API: the operation tables that the client encodes by, read the other way.

api.py           a request -> an answer: authentication, routing, errors as Twilio writes them
decoding.py      form and query text -> values, by the kinds of the tables; refusals with Twilio's codes
lists.py         pages, filters
addresses.py     phone numbers, as people write them and as the network has them; errors.py refusals
views.py         records -> the JSON that Twilio would send
accounts.py, applications.py, calls.py, conferences.py, messages.py, numbers.py
                 what the operations of one family do
    magic.py         what they do with test credentials
"""
