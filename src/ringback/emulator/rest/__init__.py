"""The emulated REST API: the operation tables that the client encodes by, read the other way.

api.py           a request -> an answer: authentication, routing, errors as Twilio writes them
protocol.py      HTTP before all that: methods, content types, paths; products.py Twilio's others
credentials.py   who asks: an account's token, or an API key
requests.py      a request, understood
decoding.py      form and query text -> values, by the kinds of the tables; refusals with Twilio's codes
generic.py       create, fetch, list, update, delete: whatever the specification says of a family
lists.py         pages, filters
writing.py       records -> JSON, by the models; formats.py JSON, XML and CSV of that
files.py         what is sent as it is: audio, media, text
errors.py        refusals
views.py         what lives -> JSON
accounts.py, add_ons.py, available_numbers.py, call_events.py, caller_ids.py, calls.py, conferences.py,
connect_apps.py, keys.py, media_sessions.py, messages.py, notifications.py, numbers.py, payments.py,
postal_addresses.py, queues.py, recordings.py, short_codes.py, sip.py, sms_messages.py, tokens.py, usage.py,
user_messages.py
                 what the operations of one family do
    sending.py       what a message is to be sent with, checked
    magic.py         what they do with test credentials
"""
