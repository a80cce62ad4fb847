-- SPDX-License-Identifier: GPL-3.0-or-later
-- Ends the workers of an NGINX whose master was killed. They would go on holding the port, so that the master supervisord
-- starts in its place could never listen. They end as on a reload: the port is free at once, open connections stay.

local ffi = require "ffi"

ffi.cdef [[
int getpid(void);
int getppid(void);
int kill(int pid, int sig);
]]

local CHECK = 0.5 -- seconds; a starting NGINX tries to listen five times in 2.5 s
local SIGQUIT = 3

local _M = {}

-- Call in init_worker_by_lua. Does nothing where NGINX runs without a master.
function _M.stop_when_orphaned()
  local master = require("ngx.process").get_master_pid()
  if not master then
    return
  end
  ngx.timer.every(CHECK, function(premature)
    if not premature and ffi.C.getppid() ~= master then
      ffi.C.kill(ffi.C.getpid(), SIGQUIT)
    end
  end)
end

return _M
