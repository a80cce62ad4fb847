// SPDX-License-Identifier: GPL-3.0-or-later
// The module federation container: see ../README.md.
(() => {
  const here = document.currentScript.src;
  const modules = [
    '@jupyterlab/apputils',
    '@jupyterlab/coreutils',
    '@jupyterlab/filebrowser',
    '@jupyterlab/notebook',
    '@jupyterlab/services',
    '@jupyterlab/ui-components',
    '@lumino/widgets'
  ];
  let scope = null;

  // The page offers one version of each of these; where an extension brings another, the page's own is marked as loaded or eager.
  async function shared(name) {
    const versions = Object.values(scope[name] ?? {});
    const chosen = versions.find(one => one.loaded || one.eager) ?? versions[0];
    if (!chosen) {
      throw new Error(`wakari-aen: the page has no ${name}`);
    }
    return (await chosen.get())();
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB['wakari-aen'] = {
    init(given) {
      scope = given;
    },
    async get(name) {
      if (name !== './extension') {
        throw new Error(`wakari-aen has no ${name}`);
      }
      const { plugins } = await import(new URL('index.js', here));
      const found = await Promise.all(modules.map(shared));
      const jupyter = Object.fromEntries(modules.map((module, number) => [module.split('/')[1], found[number]]));
      // A plain object: JupyterLab writes into what it gets, and an ES module cannot be written into.
      return () => ({ __esModule: true, default: plugins(jupyter) });
    }
  };
})();
