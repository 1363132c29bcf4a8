/**
 * The page. It has no inline script or style, and refers to its files relatively, so that it works under every prefix and
 * version of the application.
 *
 * @param base leads from the page to its files
 */
export function pageOf(base: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>AsyncAPI</title>
    <link rel="stylesheet" href="${base}/page.css" />
    <script type="module" src="${base}/page.js"></script>
  </head>
  <body>
    <main id="document" aria-busy="true"><p role="status">Loading the document. Without scripts, open its <a href="${base}.json">JSON</a>.</p></main>
  </body>
</html>
`;
}

/** Nothing from elsewhere, nothing inline. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export const PAGE_STYLE = `:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h2 { margin-top: 2rem; border-bottom: 1px solid; }
pre { overflow-x: auto; padding: 0.5rem; background: light-dark(#f2f2f2, #262626); }
code { font-family: ui-monospace, monospace; }
section section { margin: 1rem 0; }
.description { white-space: pre-line; }
`;
