-- SPDX-License-Identifier: GPL-3.0-or-later
-- JSON values in shared memory, decoded once a worker: a decoded value is valid while its text is the one in the table.
-- What a reader returns is shared between requests and must not be changed.

local cjson = require "cjson.safe"
local lrucache = require "resty.lrucache"

local KEPT = 5000 -- decoded values a worker remembers of each table

local _M = {}

-- Returns a function that returns the decoded value of a key of the table; nil where there is none.
function _M.reader(dict)
  local decoded = assert(lrucache.new(KEPT))
  return function(key)
    local text = dict:get(key)
    if not text then
      return nil
    end
    local cached = decoded:get(key)
    if not cached or cached.text ~= text then
      cached = { text = text, value = cjson.decode(text) }
      decoded:set(key, cached)
    end
    return cached.value
  end
end

return _M
