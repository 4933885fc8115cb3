// A server that webhooks go to. Each has to pass the SDK's own validator.
'use strict';

const http = require('http');
const { validateRequest } = require('twilio');

// `pages` holds TwiML by path, or functions of the parameters that make it.
async function receive(authToken, pages) {
  const received = [];
  const refused = [];
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = `${home}${request.url}`;
    const { pathname, searchParams } = new URL(url);
    const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    const signature = request.headers['x-twilio-signature'];
    if (!validateRequest(authToken, signature, url, params)) {
      refused.push(`${request.method} ${url} ${JSON.stringify(params)}`);
      response.writeHead(403).end();
      return;
    }
    const told = { path: pathname, ...Object.fromEntries(searchParams), ...params };
    received.push(told);
    const page = pages[pathname] ?? '<Response/>';
    response.writeHead(200, { 'Content-Type': 'text/xml' });
    response.end(typeof page === 'function' ? page(told) : page);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const home = `http://127.0.0.1:${server.address().port}`;
  const at = (path) => received.filter((each) => each.path === path);
  const close = () => { server.closeAllConnections(); server.close(); };
  return { home, pages, received, refused, at, close };
}

module.exports = { receive };
