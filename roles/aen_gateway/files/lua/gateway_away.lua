-- SPDX-License-Identifier: GPL-3.0-or-later
-- The page for a person while the control plane, which makes all other pages, does not answer: what it can say needs nobody.

local REFRESH = 3 -- seconds until the page asks again

local _M = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The gateway is not well</title>
<style>
:root { color-scheme: light dark; }
body { max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem; font: 16px/1.5 system-ui, sans-serif; }
footer { margin-top: 2rem; font-size: .8rem; opacity: .7; }
</style>
</head>
<body>
<main>
<h1>The gateway is not well</h1>
<p role="status">%s</p>
<p>%s This page tries again by itself. Who has an app open goes on; files are safe.</p>
<p><a href="">Try again</a></p>
<footer>Request %s</footer>
</main>
</body>
</html>
]]

local function escaped(text)
  return (tostring(text or ""):gsub("[&<>\"']", ENTITIES))
end

-- Returns headers and body of the page about this problem (`gateway_errors`).
function _M.page(problem, request_id)
  local error = problem.error
  return {
    ["Content-Type"] = "text/html; charset=utf-8",
    ["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    ["Cache-Control"] = "no-store",
    ["Referrer-Policy"] = "same-origin",
    ["Refresh"] = tostring(REFRESH),
    ["X-Content-Type-Options"] = "nosniff",
  }, PAGE:format(escaped(error.message), escaped(error.hint), escaped(request_id))
end

return _M
