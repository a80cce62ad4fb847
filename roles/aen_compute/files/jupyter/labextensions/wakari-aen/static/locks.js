// SPDX-License-Identifier: GPL-3.0-or-later
// Who edits a notebook: the lock is taken when it is opened, shown to everybody else who opens it, and can be taken over.
import { Refusal } from './server.js';

const EVERY = 3000; // milliseconds between two looks; the server lets a lock expire after 150 s

function since(lock) {
  const date = new Date(lock.since * 1000);
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return date.toDateString() === new Date().toDateString() ? time : `${date.toLocaleDateString()}, ${time}`;
}

// One open notebook. States: 'mine', 'other' (somebody else holds it), 'free' (it was somebody else's), 'none' (no lock can be had).
class NotebookLock {
  constructor(jupyter, app, server, panel) {
    this.jupyter = jupyter;
    this.app = app;
    this.server = server;
    this.panel = panel;
    this.context = panel.context;
    this.state = 'none';
    this.lock = null;
    this.banner = null;
    this.guardSaving();
    panel.disposed.connect(() => this.stop());
    this.leave = () => this.release();
    window.addEventListener('pagehide', this.leave);
    this.context.ready.then(() => this.start(), () => undefined);
  }

  async start() {
    await this.look();
    this.timer = setInterval(() => this.look(), EVERY);
  }

  stop() {
    clearInterval(this.timer);
    window.removeEventListener('pagehide', this.leave);
    this.release();
  }

  get path() {
    return this.context.path;
  }

  // While somebody else holds the lock, the document counts as read-only: nothing is saved by itself, and Save says so.
  guardSaving() {
    const context = this.context;
    const own = Object.getPrototypeOf(context);
    const refused = () => this.state === 'other' || this.state === 'free';
    const inherited = name => Object.getOwnPropertyDescriptor(own, name)?.get?.call(context);
    Object.defineProperty(context, 'contentsModel', {
      configurable: true,
      get: () => {
        const model = inherited('contentsModel');
        return model && refused() ? { ...model, writable: false } : model;
      }
    });
    Object.defineProperty(context, 'canSave', { configurable: true, get: () => !refused() && inherited('canSave') });
  }

  async look() {
    if (this.asking || this.panel.isDisposed) {
      return;
    }
    this.asking = true;
    try {
      const watching = this.state === 'other' || this.state === 'free';
      const { lock } = watching
        ? await this.server.ask('GET', 'lock', { query: { path: this.path } })
        : await this.server.ask('POST', 'lock', { body: { path: this.path } });
      this.become(lock);
    } catch (error) {
      if (error instanceof Refusal) {
        console.warn(`wakari-aen: ${error.message}`);
      } // else the connection is away, which JupyterLab says itself
    } finally {
      this.asking = false;
    }
  }

  become(lock) {
    const before = this.state;
    const holder = this.lock?.user;
    this.lock = lock;
    if (lock) {
      this.state = lock.mine ? 'mine' : 'other';
    } else {
      this.state = before === 'other' || before === 'free' ? 'free' : 'none';
    }
    if (before === this.state && holder === lock?.user) {
      return;
    }
    if (before === 'mine' && this.state === 'other') {
      this.tellLoss();
    }
    this.show();
  }

  tellLoss() {
    const { Notification } = this.jupyter.apputils;
    const text = `${this.lock.user} took over ${this.path}. Your changes are no longer saved.`;
    Notification.warning(text, { autoClose: false });
    this.unsaved = this.context.model.dirty;
  }

  show() {
    this.app.commands.notifyCommandChanged('docmanager:save');
    this.banner?.dispose();
    this.banner = null;
    if (this.state !== 'other' && this.state !== 'free') {
      return;
    }
    const { Widget } = this.jupyter.widgets;
    const node = document.createElement('div');
    node.setAttribute('role', 'status');
    const text = document.createElement('span');
    text.textContent =
      this.state === 'other'
        ? `${this.lock.user} has been editing this notebook since ${since(this.lock)}. You can read and run it; saving is refused.`
        : 'Nobody edits this notebook any more.';
    node.append(text, this.button(this.state === 'other' ? 'Take over' : 'Edit', () => this.takeOver()));
    if (this.unsaved) {
      node.append(this.button('Save a copy…', () => this.context.saveAs()));
    }
    this.banner = new Widget({ node });
    this.banner.addClass('wakari-LockBanner');
    this.panel.contentHeader.addWidget(this.banner);
  }

  button(label, act) {
    const button = document.createElement('button');
    button.className = 'jp-mod-styled jp-mod-minimal';
    button.textContent = label;
    button.addEventListener('click', act);
    return button;
  }

  async takeOver() {
    const { Dialog, showDialog, showErrorMessage } = this.jupyter.apputils;
    if (this.context.model.dirty) {
      const body = 'The notebook is read again, as it is on disk. What you changed here since would be lost: save a copy first where you need it.';
      const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label: 'Take over' })];
      const { button } = await showDialog({ title: 'Take over this notebook?', body, buttons });
      if (!button.accept) {
        return;
      }
    }
    try {
      const { lock } = await this.server.ask('POST', 'lock', { body: { path: this.path, over: true } });
      if (!lock?.mine) {
        throw new Error('The lock could not be taken.');
      }
      this.become(lock);
      this.unsaved = false;
      await this.context.revert();
    } catch (error) {
      await showErrorMessage('Take over', error);
    }
  }

  release() {
    if (this.state !== 'mine') {
      return;
    }
    this.state = 'none';
    // keepalive: it is sent while the page goes away.
    this.server.ask('DELETE', 'lock', { query: { path: this.path }, keepalive: true }).catch(() => undefined);
  }
}

export function locks(jupyter, server) {
  return {
    id: 'wakari-aen:locks',
    description: 'Shows who edits a notebook, and takes over.',
    autoStart: true,
    optional: [jupyter.notebook.INotebookTracker],
    activate: (app, tracker) => {
      const watch = panel => new NotebookLock(jupyter, app, server, panel);
      tracker?.forEach(watch);
      tracker?.widgetAdded.connect((_, panel) => watch(panel));
    }
  };
}
