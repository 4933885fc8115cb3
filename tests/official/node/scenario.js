// The official Node SDK over the families of the API; prints what became of each as JSON.
'use strict';

const assert = require('assert/strict');
const twilio = require('twilio');
const { base, phone, skip, until } = require('./emulator');
const { receive } = require('./receiver');

const { RINGBACK_ACCOUNT: account, RINGBACK_TOKEN: token, RINGBACK_NUMBER: ours } = process.env;
const ANNA = '+15558675310';
const BEN = '+15558675311';

function signIn(user, password, options) {
  const client = twilio(user, password, options);
  client.api.baseUrl = base;
  return client;
}

const client = signIn(account, token);
const sids = (records) => records.map((each) => each.sid);
const refused = (asked, status, code) => assert.rejects(asked, (error) => {
  assert.deepEqual([error.status, error.code], [status, code]);
  return true;
});
let web;

async function call(to, extra = {}) {
  const made = await client.calls.create({ to, from: ours, twiml: '<Response><Pause length="900"/></Response>', ...extra });
  await until(async () => (await client.calls(made.sid).fetch()).status === 'in-progress', 'the call is answered');
  return made.sid;
}

async function over(sid) {
  await client.calls(sid).update({ status: 'completed' });
  await until(async () => (await client.calls(sid).fetch()).status === 'completed', 'the call is over');
}

// A family that failed may have left calls behind.
async function quiet() {
  for (const status of ['in-progress', 'ringing', 'queued']) {
    for (const each of await client.calls.list({ status })) await over(each.sid).catch(() => {});
  }
}

const families = {
  async accounts() {
    const main = await client.api.v2010.account.fetch();
    assert.deepEqual([main.sid, main.status, main.type], [account, 'active', 'Full']);
    const branch = await client.api.v2010.accounts.create({ friendlyName: 'Branch' });
    assert.equal(branch.ownerAccountSid, account);
    const own = signIn(branch.sid, branch.authToken);
    assert.deepEqual(await own.applications.list(), []);
    await refused(own.api.v2010.accounts(account).fetch(), 401, 20003);
    const closed = await client.api.v2010.accounts(branch.sid).update({ status: 'closed' });
    assert.equal(closed.status, 'closed');
    assert.equal((await client.api.v2010.account.balance.fetch()).currency, 'USD');
  },

  async keys() {
    const key = await client.newKeys.create({ friendlyName: 'CI' });
    assert.deepEqual(sids(await client.keys.list()), [key.sid]);
    const guest = signIn(key.sid, key.secret, { accountSid: account });
    assert.equal((await guest.incomingPhoneNumbers.list())[0].phoneNumber, ours);
    await refused(guest.newKeys.create(), 401, 20003);
    assert.equal(await client.keys(key.sid).remove(), true);
    await refused(guest.calls.create({ to: ANNA, from: ours, twiml: '<Response/>' }), 401, 20003);
  },

  async tokens() {
    const made = await client.tokens.create({ ttl: 600 });
    assert.deepEqual([made.ttl, made.iceServers.length], ['600', 4]);
  },

  async addresses() {
    const address = await client.addresses.create({
      customerName: 'Anna', street: '1 Main St', city: 'Springfield', region: 'IL', postalCode: '62701', isoCountry: 'US',
    });
    assert.deepEqual(sids(await client.addresses.list({ customerName: 'Anna' })), [address.sid]);
    assert.equal((await client.addresses(address.sid).update({ street: '2 Main St' })).street, '2 Main St');
    await client.addresses(address.sid).remove();
    await refused(client.addresses(address.sid).fetch(), 404, 20404);
  },

  async applications() {
    const desk = await client.applications.create({ friendlyName: 'Desk', voiceUrl: `${web.home}/voice` });
    assert.deepEqual(sids(await client.applications.list({ friendlyName: 'Desk' })), [desk.sid]);
    assert.equal((await client.applications(desk.sid).update({ voiceMethod: 'GET' })).voiceMethod, 'GET');
    await client.applications(desk.sid).remove();
  },

  async availablePhoneNumbers() {
    const countries = await client.availablePhoneNumbers.list();
    assert.ok(countries.some((each) => each.countryCode === 'US'));
    const local = await client.availablePhoneNumbers('US').local.list({ areaCode: 614 });
    assert.ok(local.length > 0 && local.every((each) => each.phoneNumber.startsWith('+1614') && each.region === 'OH'));
    const free = await client.availablePhoneNumbers('US').tollFree.list({ areaCode: 866 });
    assert.ok(free.length > 0 && free.every((each) => each.phoneNumber.startsWith('+1866')));
  },

  async incomingPhoneNumbers() {
    const [offer] = await client.availablePhoneNumbers('US').local.list({ areaCode: 415, limit: 1 });
    const bought = await client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber });
    assert.equal(bought.capabilities.voice, true);
    await refused(client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber }), 400, 21422);
    const changed = await client.incomingPhoneNumbers(bought.sid).update({ friendlyName: 'Desk' });
    assert.equal(changed.friendlyName, 'Desk');
    await client.incomingPhoneNumbers(bought.sid).remove();
  },

  async outgoingCallerIds() {
    const asked = await client.validationRequests.create({ phoneNumber: BEN, statusCallback: `${web.home}/verified` });
    await until(async () => (await phone(BEN).look()).calls.at(-1)?.state === 'talking', 'the phone was answered');
    await phone(BEN).press(asked.validationCode);
    const [told] = await until(() => web.at('/verified').length && web.at('/verified'), 'the callback came');
    const [verified] = await client.outgoingCallerIds.list({ phoneNumber: BEN });
    assert.deepEqual([told.VerificationStatus, told.OutgoingCallerIdSid], ['success', verified.sid]);
    const made = await client.calls.create({ to: ANNA, from: BEN, twiml: '<Response/>' });
    assert.equal(made.from, BEN);
    await until(async () => (await client.calls(made.sid).fetch()).status === 'completed', 'the call is over');
    await client.outgoingCallerIds(verified.sid).remove();
  },

  async calls() {
    web.pages['/answered'] = '<Response><Gather numDigits="1" timeout="60" action="/pressed"><Say>Press a key</Say></Gather></Response>';
    web.pages['/pressed'] = (told) => `<Response><Say>You pressed ${told.Digits}</Say><Pause length="900"/></Response>`;
    const made = await client.calls.create({
      to: ANNA, from: ours, url: `${web.home}/answered`, statusCallback: `${web.home}/progress?of=node`,
      statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
    });
    await until(async () => (await phone(ANNA).heard()).includes('Press a key'), 'the phone heard it');
    await phone(ANNA).press('7');
    await until(async () => (await phone(ANNA).heard()).includes('You pressed 7'), 'the key was taken');
    assert.deepEqual(sids(await client.calls.list({ status: 'in-progress' })), [made.sid]);
    await over(made.sid);
    await until(() => web.at('/progress').length === 4, 'all callbacks came');
    assert.deepEqual(web.at('/progress').map((each) => each.CallStatus), ['initiated', 'ringing', 'in-progress', 'completed']);
    const events = await client.calls(made.sid).events.list();
    assert.ok(events.some((each) => each.request.url === `${web.home}/pressed`));
    await client.calls(made.sid).remove();
    await refused(client.calls(made.sid).fetch(), 404, 20404);
  },

  async notifications() {
    web.pages['/broken'] = '<Response><Say>Hello</Response>';
    const made = await client.calls.create({ to: ANNA, from: ours, url: `${web.home}/broken` });
    const found = await until(async () => {
      const list = await client.calls(made.sid).notifications.list();
      return list.length && list;
    }, 'a notification came');
    assert.equal(found[0].errorCode, '12100');
    const details = await client.notifications(found[0].sid).fetch();
    assert.equal(details.responseBody, web.pages['/broken']);
    await until(async () => (await client.calls(made.sid).fetch()).endTime, 'the call is over');
  },

  async recordings() {
    const sid = await call(ANNA);
    const made = await client.calls(sid).recordings.create({ recordingStatusCallback: `${web.home}/recorded` });
    assert.equal(made.status, 'in-progress');
    await skip(3);
    await client.calls(sid).recordings('Twilio.CURRENT').update({ status: 'paused' });
    await client.calls(sid).recordings(made.sid).update({ status: 'in-progress' });
    await over(sid);
    const [told] = await until(() => web.at('/recorded').length && web.at('/recorded'), 'the callback came');
    const audio = await fetch(`${told.RecordingUrl}.mp3`, {
      headers: { Authorization: `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}` },
    });
    assert.deepEqual([audio.status, audio.headers.get('content-type')], [200, 'audio/mpeg']);
    assert.deepEqual(sids(await client.recordings.list({ callSid: sid })), [made.sid]);
    await client.recordings(made.sid).remove();
    await refused(client.recordings(made.sid).fetch(), 404, 20404);
  },

  async transcriptions() {
    web.pages['/voice'] = '<Response><Record timeout="60" transcribe="true" transcribeCallback="/written" playBeep="false"/></Response>';
    await phone(ANNA).dial(ours);
    await until(async () => (await phone(ANNA).look()).calls.at(-1).state === 'talking', 'the call is answered');
    await phone(ANNA).speak('Call me back', '3');
    await skip(90);
    await phone(ANNA).hangup();
    await until(async () => (await client.recordings.list()).length, 'something was recorded');
    const [told] = await until(() => web.at('/written').length && web.at('/written'), 'the callback came');
    assert.equal(told.TranscriptionText, 'Call me back');
    const [written] = await client.transcriptions.list();
    assert.equal(written.transcriptionText, 'Call me back');
    await client.transcriptions(written.sid).remove();
  },

  async streams() {
    const sid = await call(ANNA);
    const stream = await client.calls(sid).streams.create({ url: 'wss://example.com/media', name: 'ears' });
    assert.equal(stream.status, 'in-progress');
    assert.equal((await client.calls(sid).streams('ears').update({ status: 'stopped' })).status, 'stopped');
    const siprec = await client.calls(sid).siprec.create({ connectorName: 'Recorder' });
    assert.equal((await client.calls(sid).siprec(siprec.sid).update({ status: 'stopped' })).status, 'stopped');
    await over(sid);
  },

  async conferences() {
    const room = client.conferences('node');
    const anna = await room.participants.create({
      to: ANNA, from: ours, label: 'anna', conferenceStatusCallback: `${web.home}/room`,
      conferenceStatusCallbackEvent: ['start', 'end', 'join', 'leave'],
    });
    const ben = await room.participants.create({ to: BEN, from: ours });
    const live = client.conferences(anna.conferenceSid);
    await until(async () => (await live.fetch()).status === 'in-progress', 'the conference began');
    assert.equal((await live.participants('anna').update({ muted: true })).muted, true);
    await live.participants(ben.callSid).remove();
    assert.equal((await live.update({ status: 'completed' })).status, 'completed');
    await until(() => web.at('/room').some((each) => each.StatusCallbackEvent === 'conference-end'), 'the end was told');
  },

  async queues() {
    const queue = await client.queues.create({ friendlyName: 'node', maxSize: 5 });
    web.pages['/voice'] = '<Response><Enqueue action="/left">node</Enqueue></Response>';
    web.pages['/agent'] = '<Response><Say>An agent</Say></Response>';
    const { call_sid: caller } = await phone(ANNA).dial(ours);
    const members = client.queues(queue.sid).members;
    await until(async () => (await members.list()).length === 1, 'the caller waits');
    assert.equal((await members('Front').fetch()).callSid, caller);
    await members(caller).update({ url: `${web.home}/agent` });
    await until(async () => (await phone(ANNA).heard()).includes('An agent'), 'the caller was taken out');
    await until(() => web.at('/left').length === 1, 'the action was asked');
    assert.equal(web.at('/left')[0].QueueResult, 'redirected');
    await client.queues(queue.sid).remove();
  },

  async messages() {
    const text = await client.messages.create({
      to: ANNA, from: ours, body: 'Grüße', mediaUrl: ['https://example.com/cat.png'], statusCallback: `${web.home}/sent?ü=ß`,
      provideFeedback: true,
    });
    assert.equal(text.numMedia, '1');
    await until(() => web.at('/sent').some((each) => each.MessageStatus === 'delivered'), 'it was delivered');
    assert.equal((await client.messages(text.sid).media.list())[0].contentType, 'image/png');
    assert.equal((await client.messages(text.sid).feedback.create({ outcome: 'confirmed' })).outcome, 'confirmed');
    web.pages['/sms'] = (told) => `<Response><Message>You said ${told.Body}</Message></Response>`;
    await phone(ANNA).text(ours, 'hi');
    await until(async () => (await phone(ANNA).look()).texts.some((each) => each.body === 'You said hi'), 'the reply came');
    await client.messages(text.sid).remove();
  },

  async sip() {
    const domain = await client.sip.domains.create({ domainName: 'node.sip.twilio.com' });
    const list = await client.sip.credentialLists.create({ friendlyName: 'Node' });
    await client.sip.credentialLists(list.sid).credentials.create({ username: 'anna', password: 'Str0ngEnough123' });
    const mappings = client.sip.domains(domain.sid).auth.calls.credentialListMappings;
    assert.equal((await mappings.create({ credentialListSid: list.sid })).sid, list.sid);
    assert.deepEqual(sids(await mappings.list()), [list.sid]);
    await mappings(list.sid).remove();
    await client.sip.domains(domain.sid).remove();
    await client.sip.credentialLists(list.sid).remove();
  },

  async usage() {
    const records = await client.usage.records.today.list({ category: 'calls' });
    assert.ok(Number(records[0].count) >= 1);
    const trigger = await client.usage.triggers.create({
      usageCategory: 'sms', triggerValue: '+1000', callbackUrl: `${web.home}/fired`,
    });
    assert.deepEqual(sids(await client.usage.triggers.list()), [trigger.sid]);
    await client.usage.triggers(trigger.sid).remove();
  },
};

async function main() {
  web = await receive(token, {});
  const [number] = await client.incomingPhoneNumbers.list();
  await client.incomingPhoneNumbers(number.sid).update({ voiceUrl: `${web.home}/voice`, smsUrl: `${web.home}/sms` });
  const failures = {};
  for (const [name, family] of Object.entries(families)) {
    failures[name] = await family().then(() => null, (error) => error.stack);
    if (failures[name]) await quiet();
  }
  web.close();
  console.log(JSON.stringify({ failures, webhooks: web.received.length, refused: web.refused }));
}

main();
