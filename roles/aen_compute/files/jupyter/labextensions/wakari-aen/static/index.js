// SPDX-License-Identifier: GPL-3.0-or-later
// The plugins of this extension. `jupyter` holds JupyterLab's own modules by their names.
import { directories } from './directories.js';
import { locks } from './locks.js';
import { notices } from './notices.js';
import { permissions } from './permissions.js';
import { Server } from './server.js';

function addStyle() {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = new URL('style.css', import.meta.url).href;
  document.head.append(link);
}

export function plugins(jupyter) {
  addStyle();
  const server = new Server(jupyter.services, jupyter.coreutils);
  return [notices, locks, permissions, directories].map(make => make(jupyter, server));
}
