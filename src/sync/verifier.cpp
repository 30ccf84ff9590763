#include "sync/verifier.hpp"

#include "bus/address.hpp"

namespace syncline::sync {

Result<std::string> LocalVerifier::verify(const Claim& claim) const {
  if (claim.identity.empty()) return std::string(bus::kAnonymous);
  return bus::identity_url(claim.identity);
}

}  // namespace syncline::sync
