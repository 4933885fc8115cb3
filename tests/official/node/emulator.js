// What only an emulator has: phones, which people would hold otherwise.
'use strict';

const base = process.env.RINGBACK_URL;

async function order(path, form) {
  const options = form && { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(`${base}/_emulator/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function until(done, what, seconds = 15) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await done();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`it did not come to that: ${what}`);
    await new Promise((later) => setTimeout(later, 20));
  }
}

const phone = (number) => ({
  behave: (form) => order(`phones/${encodeURIComponent(number)}`, form),
  dial: (to) => order(`phones/${encodeURIComponent(number)}/dial`, { to }),
  press: (keys) => order(`phones/${encodeURIComponent(number)}/press`, { keys }),
  speak: (text, seconds) => order(`phones/${encodeURIComponent(number)}/speak`, { text, seconds }),
  hangup: () => order(`phones/${encodeURIComponent(number)}/hangup`, {}),
  text: (to, body) => order(`phones/${encodeURIComponent(number)}/text`, { to, body }),
  look: () => order(`phones/${encodeURIComponent(number)}`),
  heard: async () => {
    const { calls } = await order(`phones/${encodeURIComponent(number)}`);
    return calls.flatMap((call) => call.heard.map((each) => each.what));
  },
});

// Ahead in time, through all that happens meanwhile.
const skip = (seconds) => order('clock', { seconds });

module.exports = { base, phone, skip, until };
