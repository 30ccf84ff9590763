// Verifier: who a connection may call itself.
#pragma once

#include <string>

#include "base/result.hpp"

namespace syncline::sync {

/// What a connection says about itself.
struct Claim {
  std::string identity;
  std::string token;
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  /// The identity that the connection has from now on, in canonical form. Errors: kUnauthenticated,
  /// kMalformed.
  virtual Result<std::string> verify(const Claim& claim) const = 0;
};

/// Takes every identity at its word, and whoever gives none for anonymous. For hosts that only this
/// machine can reach.
class LocalVerifier final : public Verifier {
 public:
  Result<std::string> verify(const Claim& claim) const override;
};

}  // namespace syncline::sync
