#include "room/creation.hpp"

#include "bus/address.hpp"
#include "crdt/doc.hpp"
#include "object/live_object.hpp"
#include "object/schema_guard.hpp"
#include "room/tuning.hpp"

namespace syncline::room {
namespace {

/// An object's first state has to stand alone: nothing in it waits for something else.
Result<std::optional<crdt::Update>> state_of(const Bytes& bytes) {
  if (bytes.empty()) return std::optional<crdt::Update>();
  SYNCLINE_TRY_ASSIGN(update, crdt::decode_update_v1(bytes));
  if (update.empty()) return std::optional<crdt::Update>();
  if (!crdt::Doc({}).unmet(update).empty())
    return Error(Code::kMalformed, "the first state depends on changes that are not in it");
  return std::optional(std::move(update));
}

/// Whether the schema is one, and the object would begin as it says.
Result<void> check_schema(const Value& schema, const std::optional<crdt::Update>& initial,
                          const std::string& url) {
  SYNCLINE_TRY_ASSIGN(compiled, schema::Schema::compile(schema));
  crdt::Doc doc({});
  if (initial) doc.apply(*initial);
  SYNCLINE_TRY_ASSIGN(tree, doc.root(object::kDataRoot, crdt::TypeKind::kMap));
  return object::check(compiled, tree->to_json(), url);
}

}  // namespace

Result<access::Rules> rules_for(const Value& access, std::string_view owner) {
  SYNCLINE_TRY_ASSIGN(rules, access::Rules::parse(access));
  if (access::is_anonymous(owner) && rules == access::Rules::owner())
    return Error(Code::kUnauthenticated,
                 "an anonymous session owns nothing, so nobody could write this object: say who "
                 "you are, or create it with access open");
  return rules;
}

Result<Creation> judge_creation(const bus::Create& request, std::string_view identity) {
  if (request.nonce.size() > kNonceBytes)
    return Error(Code::kMalformed,
                 "the nonce is longer than " + std::to_string(kNonceBytes) + " bytes");
  if (request.invite.size() > kInvited)
    return Error(Code::kTooLarge, "an object has at most " + std::to_string(kInvited) + " invited");
  SYNCLINE_TRY_ASSIGN(rules, rules_for(request.access, identity));
  SYNCLINE_TRY_ASSIGN(initial, state_of(request.state));
  Creation out;
  if (!request.schema.is_null() && !request.schema.is_undefined()) {
    SYNCLINE_TRY(check_schema(request.schema, initial, request.url));
    out.head.schema = request.schema;
  }
  out.head.owner = identity;
  out.head.rules = std::move(rules);
  out.head.nonce = request.nonce;
  out.head.durable = request.durable;
  for (const std::string& text : request.invite) {
    SYNCLINE_TRY_ASSIGN(invited, bus::identity_url(text));
    if (access::is_anonymous(invited))
      return Error(Code::kMalformed, "anonymous sessions cannot be invited");
    if (out.head.find_invited(invited) == nullptr)
      out.head.invited.push_back({invited, std::string(identity), true});
  }
  out.initial = std::move(initial);
  return out;
}

}  // namespace syncline::room
