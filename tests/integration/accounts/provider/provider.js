// SPDX-License-Identifier: GPL-3.0-or-later
// An OpenID provider for tests. Reads one line of JSON: {issuer, tls, client_id, client_secret, redirect_uri, people}, tls: {cert, key} or null.
// Whoever is named in the form is signed in: this provider is about what comes after that.
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
const { issuer, tls, client_id, client_secret, redirect_uri, people } = JSON.parse(line);
const { hostname, port } = new URL(issuer);

const provider = new Provider(issuer, {
  clients: [{ client_id, client_secret, redirect_uris: [redirect_uri], grant_types: ["authorization_code"], response_types: ["code"] }],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"], email: ["email"] },
  cookies: { keys: ["for tests"] },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
  async loadExistingGrant(context) {
    const grant = new provider.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});
const answer = provider.callback();

async function respond(request, response) {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith("/interaction/")) {
    answer(request, response);
    return;
  }
  if (request.method === "GET") {
    response.setHeader("Content-Type", "text/html");
    response.end('<!doctype html><title>Provider</title><form method="post"><label>Who <input name="who"></label><button>Go on</button></form>');
    return;
  }
  let body = "";
  for await (const part of request) body += part;
  const who = new URLSearchParams(body).get("who");
  const result = who ? { login: { accountId: who } } : { error: "access_denied", error_description: "Nobody <b>today</b>" };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

(tls ? createSecureServer(tls, respond) : createServer(respond)).listen(port, hostname, () => console.log("ready"));
