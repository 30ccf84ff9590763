// Random rules, documents and updates: what a room lets through is what a naive judge over paths
// would, and nothing else is in its state, its log or its frames.
#include <random>
#include <set>

#include "room/room.hpp"
#include "support.hpp"

namespace syncline::room::testing {
namespace {

using crdt::Map;
using crdt::NewType;
using crdt::SharedType;
using crdt::TypeKind;
using Steps = std::vector<std::string>;

std::string joined(const Steps& steps) {
  std::string out;
  for (const std::string& step : steps) out += "/" + step;
  return out;
}

/// Whether a pattern names the end of the path, or a node above it.
bool covers(std::span<const std::string> pattern, std::span<const std::string> path) {
  if (pattern.empty()) return true;
  if (pattern[0] == "**") {
    for (std::size_t skipped = 0; skipped <= path.size(); ++skipped)
      if (covers(pattern.subspan(1), path.subspan(skipped))) return true;
    return false;
  }
  if (path.empty() || (pattern[0] != "*" && pattern[0] != path[0])) return false;
  return covers(pattern.subspan(1), path.subspan(1));
}

Value sorted(Value value) {
  if (value.is_object()) {
    for (Value::Member& member : value.members()) member.second = sorted(member.second);
    std::ranges::sort(value.members(), {}, &Value::Member::first);
  }
  return value;
}

Map map_of(crdt::Doc& doc) { return Map(*doc.root("data", TypeKind::kMap).value()); }
std::string json_of(crdt::Doc& doc) {
  return sorted(doc.root("data", TypeKind::kMap).value()->to_json()).to_json();
}
bool holds(const Bytes& bytes, const std::string& needle) {
  return std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()) != bytes.end();
}

class PartialModelTest : public RoomTest {
 protected:
  struct NaiveRule {
    bool allow = false;
    Steps pattern;
  };
  /// One write: the node it touches and what it does to a document.
  struct Op {
    Steps path;
    std::string token;  ///< the content it brings
    bool makes_map = false;
    std::function<void(Map data)> run;
  };

  std::size_t pick(std::size_t below) { return dice_() % below; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[pick(all.size())];
  }

  Value draw_rules() {
    Value::Array rules;
    rules.push_back(
        Value::parse(R"({"effect": "allow", "actions": ["read", "subscribe"], "who": "*"})"));
    rules.push_back(
        Value::parse(R"({"effect": "allow", "actions": "write", "who": "owner", "root": "*"})"));
    const std::vector<std::string> steps{"a", "b", "m", "t", "l", "k0", "k1", "*", "**"};
    for (std::size_t n = 1 + pick(4); n > 0; --n) {
      NaiveRule rule{.allow = pick(3) != 0, .pattern = {}};
      for (std::size_t length = 1 + pick(3); length > 0; --length)
        rule.pattern.push_back(one_of(steps));
      rules.push_back(Value::object({{"effect", rule.allow ? "allow" : "deny"},
                                     {"actions", "write"},
                                     {"who", kBob},
                                     {"path", joined(rule.pattern)}}));
      rules_.push_back(std::move(rule));
    }
    return Value::object({{"rules", std::move(rules)}});
  }

  bool allowed(const Steps& path) const {
    bool allow = false;
    for (const NaiveRule& rule : rules_) {
      if (!covers(rule.pattern, path)) continue;
      if (!rule.allow) return false;
      allow = true;
    }
    return allow;
  }

  /// A map somewhere in the document, and how to get there.
  static std::optional<Map> find(Map data, std::span<const std::string> path) {
    Map at = data;
    for (const std::string& step : path) {
      const auto found = at.get(step);
      if (!found || !std::holds_alternative<SharedType*>(*found)) return std::nullopt;
      SharedType* type = std::get<SharedType*>(*found);
      if (type->kind() != TypeKind::kMap) return std::nullopt;
      at = Map(*type);
    }
    return at;
  }
  template <TypeKind kKind>
  static SharedType* child(Map map, const std::string& key) {
    const auto found = map.get(key);
    if (!found || !std::holds_alternative<SharedType*>(*found)) return nullptr;
    SharedType* type = std::get<SharedType*>(*found);
    return type->kind() == kKind ? type : nullptr;
  }

  std::optional<Op> draw(Map data) {
    Steps at;
    for (std::size_t depth = pick(3); depth > 0; --depth)
      at.push_back(one_of<std::string>({"a", "b", "m"}));
    if (!find(data, at)) return std::nullopt;
    Op op{
        .path = at, .token = "T" + std::to_string(++tokens_) + ";", .makes_map = false, .run = {}};
    const auto in = [at](const std::function<void(Map)>& body) {
      return [at, body](Map root) {
        const auto map = find(root, at);
        ASSERT_TRUE(map) << joined(at);
        body(*map);
      };
    };
    const auto add = [&](const std::string& key, std::function<void(Map)> body) {
      op.path.push_back(key);
      op.run = in(std::move(body));
    };
    const std::string token = op.token;
    const Map here = *find(data, at);
    const std::string key = one_of<std::string>({"a", "b", "m", "k0", "k1"});
    switch (pick(8)) {
      case 0:
      case 1:
        add(key, [=](Map map) { map.set(key, Value(token)); });
        break;
      case 2:
        op.makes_map = true;
        add(key, [=](Map map) { map.set(key, NewType{.kind = TypeKind::kMap}); });
        break;
      case 3:
        if (!here.get(key)) return std::nullopt;
        add(key, [=](Map map) { map.remove(key); });
        break;
      case 4:
        if (child<TypeKind::kText>(here, "t") == nullptr) {
          add("t", [=](Map map) { map.set("t", NewType{.kind = TypeKind::kText, .text = token}); });
        } else {
          add("t",
              [=](Map map) { crdt::Text(*child<TypeKind::kText>(map, "t")).insert(0, token); });
        }
        break;
      case 5:
        if (child<TypeKind::kText>(here, "t") == nullptr) return std::nullopt;
        add("t", [=](Map map) { crdt::Text(*child<TypeKind::kText>(map, "t")).remove(0, 2); });
        break;
      default:
        SharedType* const list = child<TypeKind::kArray>(here, "l");
        if (list == nullptr) {
          add("l", [=](Map map) {
            map.set("l", NewType{.kind = TypeKind::kArray, .values = {Value(token)}});
          });
          break;
        }
        const bool removes = pick(3) == 0 && crdt::Array(*list).size() > 0;
        add("l", [=](Map map) {
          crdt::Array array(*child<TypeKind::kArray>(map, "l"));
          const Result<void> done = removes ? array.remove(0, 1) : array.insert(0, {Value(token)});
          ASSERT_TRUE(done.ok());
        });
        op.path.push_back("*");
    }
    return op;
  }

  /// Draws a transaction of Bob's and carries out what the naive judge allows on the model.
  void transact(Session& bob) {
    std::map<std::string, bool> made;  // Maps that it makes, and whether they may be made.
    std::set<std::string> touched;
    std::vector<Op> passing;
    const Bytes update = bob.make([&](Map data) {
      for (std::size_t n = 1 + pick(6); n > 0; --n) {
        const std::optional<Op> op = draw(data);
        if (!op) continue;
        const std::string path = joined(op->path);
        // What it did below a node that goes again would not be in the update at all.
        if (std::ranges::any_of(touched, [&](const std::string& one) {
              return one == path || one.starts_with(path + "/");
            }))
          continue;
        touched.insert(path);
        bool allow = allowed(op->path);
        for (std::size_t depth = 1; depth < op->path.size(); ++depth) {
          const auto above = made.find(joined(
              Steps(op->path.begin(), op->path.begin() + static_cast<std::ptrdiff_t>(depth))));
          if (above == made.end()) continue;
          allow = above->second;
          break;
        }
        // Whatever the update made there: what is in it comes with it.
        made[path] = allow;
        op->run(data);
        if (allow) {
          passing.push_back(*op);
        } else {
          refused_.push_back(op->token);
        }
      }
    });
    model_.transact([&](crdt::Transaction&) {
      for (const Op& op : passing) op.run(map_of(model_));
    });
    if (update.empty()) return;
    const bool whole = pick(4) == 0;
    bob.update(whole ? bob.doc().encode_state_as_update_v1() : update, whole);
  }

  void nothing_refused_shows(const Session& reader) {
    const auto all = storage_.stored(kBoard);
    for (const std::string& token : refused_) {
      ASSERT_FALSE(holds(all->snapshot, token)) << token;
      for (const storage::Record& record : all->tail) {
        ASSERT_FALSE(record.kind == storage::RecordKind::kUpdate && holds(record.bytes, token))
            << token << " is in the log";
      }
      for (const bus::Message& message : reader.inbox) {
        const auto* updated = std::get_if<bus::Updated>(&message.body);
        if (updated == nullptr) continue;
        for (const bus::Part& part : updated->parts)
          ASSERT_FALSE(holds(*part.update, token)) << token << " was sent";
      }
    }
  }

  void play(std::uint32_t seed) {
    dice_.seed(seed);
    create(draw_rules());
    const auto start = [](Map data) {
      for (const char* key : {"a", "b"}) {
        data.set(key, NewType{.kind = TypeKind::kMap});
        Map(*child<TypeKind::kMap>(data, key)).set("m", NewType{.kind = TypeKind::kMap});
        Map(*child<TypeKind::kMap>(data, key))
            .set("t", NewType{.kind = TypeKind::kText, .text = "text"});
        Map(*child<TypeKind::kMap>(data, key))
            .set("l", NewType{.kind = TypeKind::kArray, .values = {Value("x"), Value("y")}});
      }
    };
    alice_.update(alice_.make(start));
    model_.transact([&](crdt::Transaction&) { start(map_of(model_)); });
    run();
    auto bob = std::make_unique<Session>(bus_, "session:10", kBob, 10);
    subscribe(*bob);
    for (std::uint64_t round = 0; round < 20; ++round) {
      transact(*bob);
      run();
      ASSERT_EQ(json_of(alice_.doc()), json_of(model_)) << "round " << round;
      if (bob->has<bus::UpdateRefused>()) {
        // He starts over, as he is told to.
        bob->leave();
        run();
        bob = std::make_unique<Session>(bus_, "session:" + std::to_string(20 + round), kBob,
                                        20 + round);
        subscribe(*bob);
      }
      bob->inbox.clear();
      ASSERT_EQ(json_of(bob->doc()), json_of(model_)) << "round " << round;
    }
    nothing_refused_shows(alice_);
  }

  std::mt19937 dice_;
  std::vector<NaiveRule> rules_;
  crdt::Doc model_{crdt::DocOptions{.client = 1000}};
  int tokens_ = 0;
  std::vector<std::string> refused_;
};

class PartialModelSeeds : public PartialModelTest, public ::testing::WithParamInterface<int> {};

TEST_P(PartialModelSeeds, LetThroughWhatANaiveJudgeWould) {
  play(static_cast<std::uint32_t>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, PartialModelSeeds, ::testing::Range(1, 101));

}  // namespace
}  // namespace syncline::room::testing
