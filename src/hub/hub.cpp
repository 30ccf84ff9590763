// The hub's table of endpoints.
#include "hub/hub.hpp"

#include <utility>

#include "base/log.hpp"
#include "bus/codec.hpp"
#include "encoding/json.hpp"
#include "hub/front_door.hpp"

namespace syncline::hub {
namespace {

using transport::Request;
using transport::Response;
using transport::Upgrade;

constexpr std::string_view kRooms = "/y/";

Response error_response(int status, Code code, const std::string& message) {
  return Response::json(
      status, encoding::write_json(Value::object(
                  {{"error", Value::object({{"code", name(code)}, {"message", message}})}})));
}

bool is_websocket_path(std::string_view path) {
  return path == "/sync" || path.starts_with(kRooms);
}

/// Scripts and sockets of this hub only; styles inline, since the page's editor writes them.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
    "data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

/// A page, or 304 where the browser has it.
Response page_response(const Request& request, const Page& page) {
  const bool known = !page.etag.empty() && request.headers.has_token("If-None-Match", page.etag);
  Response response = known ? Response::of(304, page.content_type, nullptr)
                            : Response::of(200, page.content_type, page.body);
  if (!page.etag.empty()) response.headers.add("ETag", page.etag);
  // The build names assets by their content; the rest is asked for again each time.
  const bool immutable = request.path.starts_with("/assets/");
  response.headers.add("Cache-Control",
                       immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.add("Content-Security-Policy", kContentSecurityPolicy);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  return response;
}

/// What a request says of who sends it. Never logged: it may hold a token.
sync::Claim claim_of(const Request& request) {
  sync::Claim claim{.identity = request.query_value("identity").value_or(""),
                    .token = request.query_value("token").value_or("")};
  constexpr std::string_view kBearer = "Bearer ";
  const auto authorization = request.headers.find("Authorization");
  if (authorization && authorization->size() > kBearer.size() &&
      transport::equal_nocase(authorization->substr(0, kBearer.size()), kBearer))
    claim.token = authorization->substr(kBearer.size());
  return claim;
}

}  // namespace

Hub::Hub(Executor& executor, transport::Network& network, sync::Host& host, HubOptions options)
    : host_(host),
      network_(network),
      options_(std::move(options)),
      server_(executor, *this, options_.server) {}

Hub::~Hub() = default;

Result<void> Hub::start() {
  if (options_.listen.find(':') == std::string::npos)
    return Error(Code::kMalformed, options_.listen + " is no address to listen on: HOST:PORT is");
  if (!is_loopback_host(options_.listen)) {
    return Error(Code::kDenied,
                 "this hub takes every identity at its word, so it listens on loopback only: use "
                 "127.0.0.1:PORT instead of " +
                     options_.listen);
  }
  SYNCLINE_TRY(server_.listen(network_, options_.listen));
  SYNCLINE_CHECK(server_.loopback_only(), "a loopback address that others can reach");
  ready_ = true;
  log::warning("hub",
               "no authentication: whoever can reach this port is whoever they say they are");
  log::info("hub", "listening on " + address());
  return {};
}

std::string Hub::address() const { return server_.addresses().front(); }

void Hub::shutdown(std::function<void()> done) {
  ready_ = false;
  host_.shutdown([this, done = std::move(done)]() mutable { server_.shutdown(std::move(done)); });
}

// ---- plain requests ----

void Hub::handle(Request request, Respond respond) { respond(answer(request)); }

Response Hub::answer(const Request& request) const {
  if (const auto why = turned_away(request.headers, options_.origins))
    return error_response(403, Code::kDenied, *why);
  const bool known = request.path == "/healthz" || request.path == "/readyz" ||
                     is_websocket_path(request.path) || options_.pages.contains(request.path);
  if (!known) {
    return error_response(
        404, Code::kNotFound,
        "nothing is at " + request.path + "; this hub has /sync, /y/ROOM, /healthz, /readyz and /");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = error_response(405, Code::kMalformed,
                                       request.path + " answers GET and HEAD, not this method");
    response.headers.add("Allow", "GET, HEAD");
    return response;
  }
  if (is_websocket_path(request.path)) {
    Response response =
        error_response(426, Code::kMalformed, request.path + " is a WebSocket: ask for an upgrade");
    response.headers.add("Upgrade", "websocket");
    return response;
  }
  if (request.path == "/healthz") return Response::json(200, R"({"status":"ok"})");
  if (request.path == "/readyz") {
    return ready_ ? Response::json(200, R"({"status":"ready"})")
                  : error_response(503, Code::kUnavailable, "shutting down");
  }
  return page_response(request, options_.pages.at(request.path));
}

// ---- WebSockets ----

Upgrade Hub::upgrade(const Request& request) {
  if (const auto why = turned_away(request.headers, options_.origins))
    return Upgrade::refuse(error_response(403, Code::kDenied, *why));
  if (!ready_) return Upgrade::refuse(error_response(503, Code::kUnavailable, "shutting down"));
  if (server_.websocket_count() >= options_.connections_max) {
    return Upgrade::refuse(
        error_response(503, Code::kUnavailable, "this hub has as many connections as it may have"));
  }
  if (request.path == "/sync") return open_sync(request);
  if (request.path.starts_with(kRooms))
    return open_room(request, std::string_view(request.path).substr(kRooms.size()));
  return Upgrade::refuse(error_response(
      404, Code::kNotFound, "no WebSocket is at " + request.path + "; /sync and /y/ROOM are"));
}

Upgrade Hub::open_sync(const Request& request) {
  if (!request.headers.has_token("Sec-WebSocket-Protocol", bus::kSubprotocol)) {
    return Upgrade::refuse(error_response(
        400, Code::kMalformed,
        "/sync speaks the subprotocol \"" + std::string(bus::kSubprotocol) + "\": offer it"));
  }
  return Upgrade::accept(bus::kSubprotocol, [this, claim = claim_of(request)](auto connection) {
    host_.accept(std::move(connection), claim);
  });
}

Upgrade Hub::open_room(const Request& request, std::string_view room) {
  Result<RoomName> name = parse_room(room);
  if (!name.ok())
    return Upgrade::refuse(error_response(400, Code::kMalformed, name.error().message()));
  return Upgrade::accept("", [this, name = *name, claim = claim_of(request)](auto connection) {
    host_.accept_y(std::move(connection), {.url = name.url, .create = name.plain, .claim = claim});
  });
}

}  // namespace syncline::hub
