// The only script of our own: it lets browsers install the site, and show a page without network.
const manifest = document.querySelector("link[rel=manifest]").href;
navigator.serviceWorker?.register(new URL("sw.js", manifest));
