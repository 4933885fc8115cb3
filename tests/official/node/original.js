// `twilio-api`, the library that ringback began as, unmodified: what its own test suites asked of Twilio.
'use strict';

const assert = require('assert/strict');
const http = require('http');
const https = require('https');
const { base, phone, until } = require('./emulator');

const { RINGBACK_ACCOUNT: account, RINGBACK_TOKEN: token, RINGBACK_NUMBER: ours } = process.env;
const ANNA = '+15558675310';
const BEN = '+15558675311';
const { hostname, port } = new URL(base);
// It knows no other host than api.twilio.com.
https.request = (options, answered) => http.request({ ...options, host: hostname, port }, answered);

const twilio = require('twilio-api');
const client = new twilio.Client(account, token);
const promised = (asked) => new Promise((resolve, reject) => {
  asked((error, answer) => (error ? reject(error) : resolve(answer)));
});
const rest = (method, path, form) => promised((done) => client._restAPI(method, `/2010-04-01/Accounts/${account}${path}`, form, done));
let application;
let webhooks = 0;
const refused = [];

const features = {
  async localNumbers() {
    const list = await promised((done) => client.account.listAvailableLocalNumbers('US', { AreaCode: 614 }, done));
    assert.ok(list.AvailablePhoneNumbers.length > 0);
    assert.deepEqual([list.AvailablePhoneNumbers[0].Region, list.AvailablePhoneNumbers[0].IsoCountry], ['OH', 'US']);
  },

  async tollFreeNumbers() {
    const list = await promised((done) => client.account.listAvailableTollFreeNumbers('US', { AreaCode: 866 }, done));
    assert.equal(list.AvailablePhoneNumbers[0].PhoneNumber.slice(0, 5), '+1866');
    assert.equal(list.AvailablePhoneNumbers[0].IsoCountry, 'US');
  },

  async applications() {
    const list = await promised((done) => client.account.listApplications(done));
    assert.equal(list.Results, list.Applications);
    assert.deepEqual(list.Applications.map((each) => each.Sid), [application.Sid]);
  },

  // The one called types ten digits and is connected to that number, from their own, in a conference.
  async conference() {
    const { ValidationCode: code } = (await rest('POST', '/OutgoingCallerIds', { PhoneNumber: ANNA })).body;
    await until(async () => (await phone(ANNA).look()).calls.at(-1)?.state === 'talking', 'the phone was answered');
    await phone(ANNA).press(code);
    await until(async () => (await rest('GET', '/OutgoingCallerIds')).body.OutgoingCallerIds.length, 'it was verified');
    await until(async () => (await phone(ANNA).look()).calls.at(-1).state === 'over', 'that call is over');
    const call = await promised((done) => application.makeCall(ours, ANNA, { timeout: 12 }, done));
    const ended = new Promise((over) => call.on('ended', over));
    const input = call.gather((caller, digits) => {
      assert.equal(digits, BEN.slice(2));
      const room = caller.joinConference({ leaveOnStar: true, timeLimit: 120, endConferenceOnExit: true });
      caller.say('The call has ended.');
      application.makeCall(ANNA, digits, { timeout: 12 }, (error, second) => {
        assert.equal(error, null);
        second.on('connected', () => {
          second.say('Please wait while I connect you.');
          second.joinConference(room, { endConferenceOnExit: true });
        });
      });
    }, { timeout: 60, finishOnKey: '#' });
    input.say('Enter a number');
    await until(async () => (await phone(ANNA).heard()).includes('Enter a number'), 'the prompt was heard');
    await phone(ANNA).press(`${BEN.slice(2)}#`);
    await until(async () => (await phone(BEN).heard()).includes('Please wait while I connect you.'), 'the second was called');
    const { Conferences: rooms } = await until(async () => {
      const { body } = await rest('GET', '/Conferences', { Status: 'in-progress' });
      return body.Conferences.length && body;
    }, 'they are connected');
    assert.match(rooms[0].FriendlyName, /^Rand_/);
    await phone(ANNA).press('*');
    assert.equal(await ended, 'completed');
  },

  async hold() {
    const call = await promised((done) => application.makeCall(ours, ANNA, { timeout: 12 }, done));
    call.on('connected', () => {
      call.putOnHold({ timeLimit: 30 });
      call.say('Thank you for holding.');
    });
    const status = await new Promise((over) => call.on('ended', over));
    assert.equal(status, 'completed');
    assert.ok((await phone(ANNA).heard()).includes('Thank you for holding.'));
    assert.ok(Number(call.CallDuration) >= 30);
  },

  async sms() {
    const sms = await promised((done) => application.sendSMS(ours, ANNA, 'Reply with text "got it"', done));
    assert.deepEqual([sms.Status, sms.Direction], ['queued', 'outbound-api']);
    const [success, status] = await new Promise((sent) => sms.on('sendStatus', (...told) => sent(told)));
    assert.deepEqual([success, status], [true, 'sent']);
    const reply = new Promise((came) => application.on('incomingSMSMessage', came));
    await phone(ANNA).text(ours, 'got it');
    const { From: from, Body: body, Status: received } = await reply;
    assert.deepEqual([from, body, received], [ANNA, 'got it', 'received']);
    const list = await rest('GET', '/SMS/Messages');
    assert.deepEqual(list.body.SmsMessages.map((each) => each.Status).sort(), ['received', 'sent']);
  },
};

async function main() {
  const middleware = client.middleware();
  const server = http.createServer((request, response) => {
    webhooks += 1;
    request.protocol = 'http';
    // Its middleware validates signatures and passes errors on.
    middleware(request, response, (error) => {
      refused.push(`${request.method} ${request.url} ${error ? error.message : 'nobody took it'}`);
      response.writeHead(error ? 403 : 404).end();
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const home = `http://127.0.0.1:${server.address().port}`;
  application = await promised((done) => client.account.createApplication(
    `${home}/voice`, 'POST', `${home}/ended`, 'POST', `${home}/sms`, 'POST', `${home}/sms-status`, 'Desk', done,
  ));
  application.register();
  const [number] = (await rest('GET', '/IncomingPhoneNumbers')).body.IncomingPhoneNumbers;
  await rest('POST', `/IncomingPhoneNumbers/${number.Sid}`, { SmsApplicationSid: application.Sid });
  const failures = {};
  for (const [name, feature] of Object.entries(features)) {
    failures[`original.${name}`] = await feature().then(() => null, (error) => error.stack);
  }
  server.closeAllConnections();
  server.close();
  console.log(JSON.stringify({ failures, webhooks, refused }));
}

main();
