"""What Redis does in one step: the scripts of RedisStore.

Keys, each behind the store's prefix, and each with a time to live:

    value:KEY     a value
    run:RUN       a hash: a run's `@call`, `@owner` and `@epoch`, and its fields, each as `SECONDS VALUE`
    latest:CALL   the id of the call's latest run
    due           a sorted set of runs by the time at which they are due
    pulse:WORKER  how often a worker has told that it is alive

The mailbox of a worker is the channel `mail:WORKER`. Every script gets the prefix first. They name keys that
they find in others, which a cluster of Redis servers doesn't allow.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Final

from attrs import frozen

__all__ = ["APPEND", "BEGIN", "CLAIM", "DUE", "LATEST", "PULSE", "READ", "Script"]


@frozen
class Script:
    """A script, and the name under which a server that has seen it keeps it."""

    text: str
    sha: str

    @classmethod
    def of(cls, body: str) -> Script:
        """A script that starts with what all of them need."""
        text = _COMMON + body
        return cls(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


# Numbers are formatted by hand: Lua's own text of a number has 14 digits, too few for the microseconds.
_COMMON: Final = """\
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])

local function run_key(run)
  return prefix .. 'run:' .. run
end

local function there(run)
  return redis.call('EXISTS', run_key(run)) == 1
end

local function renew(run, call, ttl)
  redis.call('PEXPIRE', run_key(run), ttl)
  local latest = prefix .. 'latest:' .. call
  if redis.call('GET', latest) == run then
    redis.call('PEXPIRE', latest, ttl)
  end
end

-- The set has to outlast what is in it.
local function set_due(run, seconds, ttl)
  local key = prefix .. 'due'
  redis.call('ZADD', key, string.format('%.6f', now + seconds), run)
  local needed = math.ceil(seconds * 1000 + ttl)
  if redis.call('PTTL', key) < needed then
    redis.call('PEXPIRE', key, needed)
  end
end

local function tell(worker, note)
  return redis.call('PUBLISH', prefix .. 'mail:' .. worker, note)
end
"""

BEGIN: Final = Script.of("""\
local call, run, owner, epoch, before, note, due, ttl = unpack(ARGV, 2, 9)
if there(run) then
  return {0, now, run, redis.call('HGETALL', run_key(run))}
end
local latest = redis.call('GET', prefix .. 'latest:' .. call)
if latest and there(latest) then
  local key = run_key(latest)
  if latest ~= before then
    return {0, now, latest, redis.call('HGETALL', key)}
  end
  redis.call('HINCRBY', key, '@epoch', 1)
  redis.call('HSETNX', key, 'moved', now .. ' ' .. run)
  if note ~= '' then
    tell(redis.call('HGET', key, '@owner'), note)
  end
end
local key = run_key(run)
redis.call('HSET', key, '@call', call, '@owner', owner, '@epoch', epoch)
for i = 10, #ARGV, 2 do
  redis.call('HSET', key, ARGV[i], now .. ' ' .. ARGV[i + 1])
end
redis.call('PEXPIRE', key, ttl)
redis.call('SET', prefix .. 'latest:' .. call, run, 'PX', ttl)
if due ~= 'never' then
  set_due(run, due, ttl)
end
return {1, now, run, redis.call('HGETALL', key)}
""")

APPEND: Final = Script.of("""\
local run, field, value, epoch, note, due, ttl, wanted = unpack(ARGV, 2, 9)
local key = run_key(run)
local kept = redis.call('HMGET', key, '@owner', '@epoch', '@call', field)
local owner, its_epoch, call, there_already = unpack(kept)
if not owner then
  return false
end
local outcome, told = 'won', -1
if epoch ~= 'fact' and epoch ~= its_epoch then
  outcome = 'fenced'
elseif there_already then
  outcome = 'lost'
else
  redis.call('HSET', key, field, now .. ' ' .. value)
  renew(run, call, ttl)
  if due == 'never' then
    redis.call('ZREM', prefix .. 'due', run)
  elseif due ~= 'as it was' then
    set_due(run, due, ttl)
  end
  if note ~= '' then
    if epoch == 'fact' then
      told = tell(owner, note)
    end
    for i = 10 + wanted, #ARGV do
      if epoch ~= 'fact' or ARGV[i] ~= owner then
        tell(ARGV[i], note)
      end
    end
  end
end
local answer = {outcome, owner, tonumber(its_epoch), told, outcome == 'lost' and there_already}
for i = 10, 9 + wanted do
  answer[#answer + 1] = redis.call('HGET', key, ARGV[i])
end
return answer
""")

READ: Final = Script.of("""\
return {now, redis.call('HGETALL', run_key(ARGV[2]))}
""")

CLAIM: Final = Script.of("""\
local run, epoch, me, ttl = unpack(ARGV, 2, 5)
local key = run_key(run)
local its_epoch, call = unpack(redis.call('HMGET', key, '@epoch', '@call'))
if its_epoch ~= epoch then
  return {now, {}}
end
redis.call('HINCRBY', key, '@epoch', 1)
redis.call('HSET', key, '@owner', me)
renew(run, call, ttl)
return {now, redis.call('HGETALL', key)}
""")

LATEST: Final = Script.of("""\
local run = redis.call('GET', prefix .. 'latest:' .. ARGV[2])
return run and there(run) and run
""")

# What has expired meanwhile is dropped here, a thousand at once: a script holds up everybody.
DUE: Final = Script.of("""\
local key, most, again = prefix .. 'due', tonumber(ARGV[2]), tonumber(ARGV[3])
local found, looks = {}, 1000
while #found < most and looks > 0 do
  local runs = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, math.min(most - #found, looks))
  if #runs == 0 then
    break
  end
  looks = looks - #runs
  for _, run in ipairs(runs) do
    local left = redis.call('PTTL', run_key(run))
    if left > 0 then
      set_due(run, again, left)
      found[#found + 1] = run
    else
      redis.call('ZREM', key, run)
    end
  end
end
return found
""")

PULSE: Final = Script.of("""\
local key = prefix .. 'pulse:' .. ARGV[2]
redis.call('INCR', key)
redis.call('PEXPIRE', key, ARGV[3])
return redis.status_reply('OK')
""")
