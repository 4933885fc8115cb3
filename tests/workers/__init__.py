"""Many worker processes that serve one application, a proxy before them, and Twilio in front of that.

application   the application that the workers serve, set up by their environment
ledger        what they did, one line each in a file that all of them append to
pranks        a store that kills, stops or cuts off its own process at a place that a test names
clusters      servers: gunicorn, uvicorn, and single workers that requests can be sent to one by one
nursery       starts single workers by forking, so that a thousand of them may be killed
proxy         spreads connections over workers; loses, doubles, delays; repeats nothing by itself
caller        Twilio and its callers, as far as a flow sees them, for a thousand calls
proofs        calls through a flow, and what came of them
deaths        workers that are killed or stopped, each at a place where it hurts
troubles      renewal, bad networks, stores that are away, loops that are blocked
stores        what may befall a store, and what is left in it
"""
