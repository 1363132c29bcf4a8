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
    <title>Event bus</title>
    <link rel="icon" href="${base}/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="${base}/app.css" />
    <script type="module" src="${base}/app.js"></script>
  </head>
  <body>
    <div id="console"><noscript><p>The console needs JavaScript.</p></noscript></div>
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

export const PAGE_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="3.5" cy="8" r="2.5" fill="#0f766e"/><circle cx="12.5" cy="3.5" r="2.5" fill="#0f766e"/><circle cx="12.5" cy="12.5" r="2.5" fill="#b45309"/><path d="M5.5 7 10.5 4.5M5.5 9l5 2.5" stroke="#6b6f76" stroke-width="1.5"/></svg>\n`;
