-- SPDX-License-Identifier: GPL-3.0-or-later
-- The errors the data plane itself finds: status, sentence, what to do. Those of other tiers are passed on as they are.

local _M = {}

local KNOWN = {
  path_ambiguous = { 400, "This address can be read in more than one way, so it is refused.",
    "Leave out encoded slashes, backslashes and dot segments." },
  request_ambiguous = { 400, "This request's headers can be read in more than one way, or are too many.", "" },
  cookie_ambiguous = { 400, "The browser sent more than one sign-in of this gateway.",
    "Delete the cookies of this site and sign in again." },
  not_found = { 404, "There is nothing at this address.", "Open the app from its project's page." },
  method_not_allowed = { 405, "This method is not used here.", "" },
  body_too_large = { 413, "The body of this request is too large for this address.", "" },
  not_signed_in = { 401, "Nobody is signed in.", "Sign in, or send an API token: Authorization: Bearer wk_..." },
  too_many_visitors = { 429, "Too many people look in without signing in just now.", "Try again in a moment, or sign in." },
  origin_refused = { 403, "This request was started by another site, so it is refused.",
    "Use the app in a tab of its own; programs send an API token instead of a cookie." },
  own_origin = { 403, "This project has an address of its own, and answers there.",
    "Open the app from its project's page; programs send an API token instead of a cookie." },
  project_not_found = { 404, "There is no such project, or you have no access to it.",
    "Check the address, or ask the project's owner." },
  level_too_low = { 403, "Your role in this project does not allow this app.", "Ask the project's owner for another role." },
  project_not_running = { 409, "The project is not running.", "Start it on its page." },
  server_away = { 503, "The server cannot be reached, so nobody can enter right now.",
    "Who is inside already can go on. Try again in a moment." },
  control_away = { 503, "The gateway is starting or not well.", "Try again in a moment." },
  draining = { 503, "This gateway is being taken out of service, so no more apps are opened here.",
    "What is open goes on. Try again in a few minutes, or ask an administrator." },
  node_away = { 502, "The compute node of this project does not answer.", "Try again in a moment; files are safe." },
  internal_error = { 500, "Something went wrong on our side.",
    "Try again; if it happens again, tell an administrator the request id." },
}

-- Returns {status, error = {code, message, hint, detail}} of a code in the table above; `detail` may be nil.
function _M.of(code, detail)
  local known = KNOWN[code]
  return { status = known[1], error = { code = code, message = known[2], hint = known[3], detail = detail } }
end

-- Returns the error in another tier's answer; `internal_error` where it has none.
function _M.from_answer(status, content)
  if type(content) ~= "table" or type(content.error) ~= "table" or type(content.error.code) ~= "string" then
    return _M.of("internal_error")
  end
  return { status = status, error = content.error }
end

return _M
