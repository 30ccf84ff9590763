// The opening handshake, with the SHA-1 and base64 it prescribes: the layer names no library, and
// neither is used for secrecy here.
#include "transport/handshake.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/bytes.hpp"

namespace syncline::transport {
namespace {

// RFC 6455 section 1.3.
constexpr std::string_view kAcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(ByteView bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[at + i] : 0u);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= count ? kBase64[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

/// Whether `key` is base64 of 16 bytes, padded.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         key.find_first_not_of(kBase64) == key.size() - 2;
}

/// FIPS 180-4 section 6.1.
class Sha1 {
 public:
  using Digest = std::array<std::uint8_t, 20>;

  static Digest of(ByteView bytes) {
    Sha1 sha;
    Bytes padded(bytes.begin(), bytes.end());
    padded.push_back(0x80);
    while (padded.size() % 64 != 56) padded.push_back(0);
    const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
    for (int shift = 56; shift >= 0; shift -= 8)
      padded.push_back(static_cast<std::uint8_t>(bits >> shift));
    for (std::size_t at = 0; at < padded.size(); at += 64)
      sha.add(ByteView(padded).subspan(at, 64));

    Digest digest{};
    for (std::size_t i = 0; i < digest.size(); ++i)
      digest[i] = static_cast<std::uint8_t>(sha.state_[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
  }

 private:
  void add(ByteView block) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8 | block[i];
    for (std::size_t i = 16; i < 80; ++i)
      w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    auto [a, b, c, d, e] = state_;
    for (std::size_t i = 0; i < 80; ++i) {
      const auto [f, k] = i < 20   ? std::pair((b & c) | (~b & d), 0x5A827999u)
                          : i < 40 ? std::pair(b ^ c ^ d, 0x6ED9EBA1u)
                          : i < 60 ? std::pair((b & c) | (b & d) | (c & d), 0x8F1BBCDCu)
                                   : std::pair(b ^ c ^ d, 0xCA62C1D6u);
      const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    const std::array<std::uint32_t, 5> sum{a, b, c, d, e};
    for (std::size_t i = 0; i < 5; ++i) state_[i] += sum[i];
  }

  std::array<std::uint32_t, 5> state_{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
};

}  // namespace

std::string accept_key(std::string_view key) {
  return base64(Sha1::of(view_of(std::string(key) += kAcceptSuffix)));
}

bool wants_websocket(const Request& request) {
  return request.headers.has_token("Upgrade", "websocket");
}

std::optional<Response> check_upgrade(const Request& request) {
  const Headers& headers = request.headers;
  if (request.method != "GET" || request.minor_version == 0 ||
      !headers.has_token("Connection", "upgrade")) {
    return Response::text(400, "a WebSocket begins with GET, HTTP/1.1 and Connection: Upgrade");
  }
  if (headers.find("Sec-WebSocket-Version") != "13") {
    Response response = Response::text(426, "only version 13 of WebSocket is spoken here");
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
  }
  if (headers.count("Sec-WebSocket-Key") != 1 || !is_key(*headers.find("Sec-WebSocket-Key")))
    return Response::text(400, "a WebSocket needs a Sec-WebSocket-Key of 16 bytes in base64");
  return std::nullopt;
}

std::string upgrade_response(const Request& request, std::string_view subprotocol) {
  Response response;
  response.status = 101;
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Sec-WebSocket-Accept",
                       accept_key(request.headers.find("Sec-WebSocket-Key").value_or("")));
  if (!subprotocol.empty())
    response.headers.add("Sec-WebSocket-Protocol", std::string(subprotocol));
  return response_head(response, 0, true);
}

std::string make_key(Random& random) {
  std::array<std::uint8_t, kKeyBytes> bytes{};
  for (std::size_t i = 0; i < kKeyBytes; i += 8) {
    const std::uint64_t word = random.next();
    for (std::size_t j = 0; j < 8; ++j) bytes[i + j] = static_cast<std::uint8_t>(word >> (8 * j));
  }
  return base64(bytes);
}

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            std::string_view subprotocol, const Headers& extra) {
  std::string head = "GET ";
  head += target;
  head += " HTTP/1.1\r\n";
  const auto add = [&head](std::string_view name, std::string_view value) {
    SYNCLINE_CHECK(value.find_first_of("\r\n") == std::string_view::npos,
                   "a request header contains a line break");
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  };
  add("Host", host);
  add("Upgrade", "websocket");
  add("Connection", "Upgrade");
  add("Sec-WebSocket-Version", "13");
  add("Sec-WebSocket-Key", key);
  if (!subprotocol.empty()) add("Sec-WebSocket-Protocol", subprotocol);
  for (const Header& header : extra) add(header.name, header.value);
  head += "\r\n";
  return head;
}

std::optional<std::string> check_accepted(const Headers& headers, std::string_view key,
                                          std::string_view subprotocol) {
  if (!headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "upgrade"))
    return "it switched to something that is not a WebSocket";
  if (headers.find("Sec-WebSocket-Accept") != accept_key(key))
    return "its Sec-WebSocket-Accept does not fit the key that was sent";
  if (headers.count("Sec-WebSocket-Extensions") > 0)
    return "it uses an extension that was not offered";
  const auto chosen = headers.find("Sec-WebSocket-Protocol").value_or("");
  if (chosen != subprotocol) {
    return "it speaks the subprotocol '" + std::string(chosen) + "' instead of '" +
           std::string(subprotocol) + "'";
  }
  return std::nullopt;
}

}  // namespace syncline::transport
