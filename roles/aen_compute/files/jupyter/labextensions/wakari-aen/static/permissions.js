// SPDX-License-Identifier: GPL-3.0-or-later
// The permissions dialog: owner, group, mask and a row for each entry of the ACL.
const RIGHTS = ['read', 'write', 'execute'];
const ORDER = ['owner', 'user', 'owning group', 'group', 'mask', 'others'];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function titleOf(entry, described) {
  const titles = {
    owner: `Owner (${described.owner})`,
    'owning group': `Group (${described.group})`,
    mask: 'Mask: the most that named ones get',
    others: 'Everybody else'
  };
  return titles[entry.kind] ?? `${entry.kind === 'user' ? 'User' : 'Group'} ${entry.name}`;
}

// The dialog's body; getValue() is what to set.
class Form {
  constructor(Widget, described) {
    this.described = described;
    this.entries = described.entries.map(entry => ({ ...entry }));
    this.rows = element('tbody');
    this.widget = new Widget();
    this.widget.node.append(...this.build());
    this.widget.addClass('wakari-Permissions');
    this.widget.getValue = () => this.value();
    this.fill();
  }

  build() {
    const { described } = this;
    const parts = [];
    const head = element('tr', {}, element('th', { textContent: 'Who' }));
    head.append(...RIGHTS.map(right => element('th', { textContent: right[0].toUpperCase() + right.slice(1) })), element('th'));
    parts.push(element('table', {}, element('thead', {}, head), this.rows));
    if (described.may_change) {
      parts.push(this.adding());
    }
    if (described.directory && described.may_change) {
      this.everything = element('input', { type: 'checkbox' });
      const text = ' and everything inside, also what will be made there';
      parts.push(element('label', { className: 'wakari-Everything' }, this.everything, text));
    }
    parts.push(...this.remarks().map(text => element('p', { textContent: text })));
    return parts;
  }

  remarks() {
    const { described } = this;
    const remarks = [];
    if (!described.may_change) {
      remarks.push(`Only ${described.owner}, whose it is, may change these permissions.`);
    }
    if (described.in_project) {
      remarks.push('Inside a project the platform puts the permissions of the team back at the next start of the project and whenever the team changes.');
    }
    return remarks;
  }

  adding() {
    const kind = element('select', { ariaLabel: 'Kind' });
    kind.append(element('option', { value: 'user', textContent: 'User' }), element('option', { value: 'group', textContent: 'Group' }));
    const name = element('input', { type: 'text', placeholder: 'name', ariaLabel: 'Name' });
    const add = element('button', { type: 'button', className: 'jp-mod-styled', textContent: 'Add' });
    const act = () => {
      const given = name.value.trim();
      if (given && !this.entries.some(entry => entry.kind === kind.value && entry.name === given)) {
        this.entries.push({ kind: kind.value, name: given, read: true, write: false, execute: this.described.directory });
        name.value = '';
        this.fill();
      }
    };
    add.addEventListener('click', act);
    // On the window, before the dialog sees it: there Enter would press the default button.
    const enter = event => {
      if (event.target === name && event.key === 'Enter') {
        event.preventDefault();
        event.stopImmediatePropagation();
        act();
      }
    };
    window.addEventListener('keydown', enter, true);
    this.widget.disposed.connect(() => window.removeEventListener('keydown', enter, true));
    return element('div', { className: 'wakari-Add' }, kind, name, add);
  }

  fill() {
    this.entries.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
    this.rows.replaceChildren(...this.entries.map(entry => this.row(entry)));
  }

  row(entry) {
    const title = titleOf(entry, this.described);
    const row = element('tr', {}, element('th', { scope: 'row', textContent: title }));
    for (const right of RIGHTS) {
      const box = element('input', { type: 'checkbox', checked: entry[right], ariaLabel: `${title}: ${right}` });
      box.disabled = !this.described.may_change;
      box.addEventListener('change', () => {
        entry[right] = box.checked;
      });
      row.append(element('td', {}, box));
    }
    const last = element('td');
    if (this.described.may_change && (entry.kind === 'user' || entry.kind === 'group')) {
      const remove = element('button', { type: 'button', className: 'jp-mod-styled jp-mod-minimal', textContent: '✕' });
      remove.ariaLabel = `Remove ${title}`;
      remove.addEventListener('click', () => {
        this.entries = this.entries.filter(one => one !== entry);
        this.fill();
      });
      last.append(remove);
    }
    row.append(last);
    return row;
  }

  value() {
    return { entries: this.entries, everything: this.everything?.checked ?? false };
  }
}

export function permissions({ apputils, filebrowser, widgets }, server) {
  const { Dialog, Notification, showDialog, showErrorMessage } = apputils;

  async function edit(path) {
    let described = await server.ask('GET', 'permissions', { query: { path } });
    for (;;) {
      const { widget } = new Form(widgets.Widget, described);
      const submit = Dialog.okButton({ label: 'Submit' });
      const buttons = described.may_change ? [Dialog.cancelButton(), submit] : [Dialog.cancelButton({ label: 'Close' })];
      const { button, value } = await showDialog({ title: `Permissions of ${path || 'the project'}`, body: widget, buttons });
      if (!button.accept) {
        return;
      }
      try {
        const { outcome } = await server.ask('PUT', 'permissions', { body: { path, ...value } });
        tell(path, outcome);
        return;
      } catch (error) {
        await showErrorMessage('The permissions were not set', error);
        described = { ...described, entries: value.entries }; // what was typed is not lost
      }
    }
  }

  function tell(path, outcome) {
    if (outcome.refused) {
      const examples = outcome.examples.join('; ');
      Notification.warning(`${outcome.changed} set, ${outcome.refused} could not be: ${examples}`, { autoClose: false });
    } else {
      Notification.success(`The permissions of ${path || 'the project'} are set.`, { autoClose: 4000 });
    }
  }

  return {
    id: 'wakari-aen:permissions',
    description: 'Shows and sets the access control list of a file or folder.',
    autoStart: true,
    optional: [filebrowser.IFileBrowserFactory],
    activate: (app, factory) => {
      const chosen = () => {
        const browser = factory?.tracker.currentWidget;
        const item = [...(browser?.selectedItems() ?? [])][0];
        return item?.path ?? browser?.model.path;
      };
      app.commands.addCommand('wakari:permissions', {
        label: 'Permissions…',
        caption: 'Who may read, write and execute it',
        execute: async args => {
          const path = args.path ?? chosen();
          if (path === undefined) {
            return;
          }
          try {
            await edit(path);
          } catch (error) {
            await showErrorMessage('Permissions', error);
          }
        }
      });
      app.contextMenu.addItem({ command: 'wakari:permissions', selector: '.jp-DirListing-content', rank: 13 });
    }
  };
}
