// SPDX-License-Identifier: GPL-3.0-or-later
// Requests to `wakari/` of the person's own Jupyter server.

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Server {
  constructor(services, coreutils) {
    this.connection = services.ServerConnection;
    this.settings = services.ServerConnection.makeSettings();
    this.join = coreutils.URLExt.join;
  }

  // Returns the answer's JSON; throws Refusal with the server's message, or what the connection throws.
  async ask(method, name, { query, body, keepalive = false } = {}) {
    let url = this.join(this.settings.baseUrl, 'wakari', name);
    if (query) {
      url += `?${new URLSearchParams(query)}`;
    }
    const request = { method, keepalive };
    if (body) {
      request.body = JSON.stringify(body);
    }
    const answer = await this.connection.makeRequest(url, request, this.settings);
    const content = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      throw new Refusal(answer.status, content.message || `The server answered ${answer.status}.`);
    }
    return content;
  }
}
