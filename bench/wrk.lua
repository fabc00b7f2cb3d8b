-- One question over and over, or each time another one: wrk … -- HOW FIRST PROJECTS METHOD BODY
--   same   exactly as it stands
--   years  between other years each time, all of them far enough apart to hold every row: another question, equal work
--   id     with the identifier of the next synthetic component in place of {id}
local how, number, projects, method, body, query, path

function init(args)
  how, number, projects, method, body = args[1], tonumber(args[2]), tonumber(args[3]), args[4], args[5]
  path, query = wrk.path:match("^([^?]*)%??(.*)$")
  if body ~= nil then wrk.headers["Content-Type"] = "application/json" end
end

local function between()
  local first, last = 1944 + number % 60, 2024 + math.floor(number / 60) % 77
  return string.format("%s&year_from=%d&year_to=%d", query, first, last)
end

function request()
  number = number + 1
  local asked = wrk.path
  if how == "years" then asked = path .. "?" .. between() end
  if how == "id" then
    asked = wrk.path:gsub("%%7Bid%%7D", string.format("SYN%07d-%d", math.floor(number / 5) % projects, number % 5 + 1))
  end
  return wrk.format(method, asked, nil, body)
end

function done(summary, latency)
  local bad = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "failed": %d, "p50": %d, "p99": %d}',
    summary.requests, summary.duration, bad.connect + bad.read + bad.write + bad.status + bad.timeout,
    latency:percentile(50), latency:percentile(99)))
end
