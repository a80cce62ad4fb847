// SPDX-License-Identifier: GPL-3.0-or-later
// Show directory: adds any folder that the person may read to the top of the tree; hide directory takes it out again.

function isShown(item) {
  return item?.type === 'directory' && item.path.startsWith('@') && !item.path.includes('/');
}

export function directories(jupyter, server) {
  const { apputils, filebrowser } = jupyter;
  return {
    id: 'wakari-aen:directories',
    description: 'Shows directories outside the project in the tree.',
    autoStart: true,
    optional: [filebrowser.IFileBrowserFactory, apputils.ICommandPalette],
    activate: (app, factory, palette) => {
      const { InputDialog, showErrorMessage } = apputils;
      const current = () => factory?.tracker.currentWidget;
      const refresh = () => factory?.tracker.forEach(browser => browser.model.refresh());

      app.commands.addCommand('wakari:show-directory', {
        label: 'Show Directory…',
        caption: 'Add a directory outside the project to the tree',
        icon: jupyter['ui-components'].folderFavoriteIcon,
        execute: async args => {
          let directory = args.directory;
          if (!directory) {
            const title = 'Show directory';
            const label = 'Full path of a directory on this node. What you may do in it does not change.';
            const answer = await InputDialog.getText({ title, label, placeholder: '/home/…', okLabel: 'Show' });
            directory = answer.button.accept ? answer.value : null;
          }
          if (!directory) {
            return;
          }
          try {
            const { name } = await server.ask('POST', 'directories', { body: { directory } });
            refresh();
            await current()?.model.cd(`/${name}`);
          } catch (error) {
            await showErrorMessage('Show directory', error);
          }
        }
      });

      app.commands.addCommand('wakari:hide-directory', {
        label: 'Hide Directory',
        caption: 'Take the directory out of the tree; nothing in it changes',
        isVisible: () => isShown([...(current()?.selectedItems() ?? [])][0]),
        execute: async () => {
          const item = [...(current()?.selectedItems() ?? [])].find(isShown);
          if (!item) {
            return;
          }
          try {
            await server.ask('DELETE', 'directories', { query: { name: item.path } });
            refresh();
          } catch (error) {
            await showErrorMessage('Hide directory', error);
          }
        }
      });

      app.contextMenu.addItem({ command: 'wakari:show-directory', selector: '.jp-DirListing-content', rank: 56 });
      app.contextMenu.addItem({ command: 'wakari:hide-directory', selector: '.jp-DirListing-item[data-isdir="true"]', rank: 6.5 });
      palette?.addItem({ command: 'wakari:show-directory', category: 'File Operations' });
    }
  };
}
