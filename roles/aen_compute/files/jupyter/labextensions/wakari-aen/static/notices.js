// SPDX-License-Identifier: GPL-3.0-or-later
// What was wrong with the settings of the team or the person when the server started.

export function notices({ apputils }, server) {
  return {
    id: 'wakari-aen:notices',
    description: 'Says what was wrong with the settings in .jupyter and .jupyter_<user>.',
    autoStart: true,
    // Not awaited: JupyterLab is restored only when every plugin is active.
    activate: app => {
      app.restored
        .then(() => server.ask('GET', 'notices'))
        .then(({ notices }) => notices.forEach(notice => apputils.Notification.warning(notice, { autoClose: false })))
        .catch(error => console.warn('wakari-aen: no notices', error));
    }
  };
}
