// The syncer's switchboard: requests to the host, answers to whoever asked, everything else to the
// replica it is about.
#include "sync/syncer.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "bus/address.hpp"
#include "encoding/base64.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// Makes a repeated create recognisable.
std::string draw_nonce(Random& random) {
  Bytes bytes;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t word = random.next();
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return encoding::to_base64(bytes);
}

/// Data objects write no formats, and what a copy writes by itself nobody would send.
std::unique_ptr<crdt::Doc> make_doc(Random& random) {
  return std::make_unique<crdt::Doc>(
      crdt::DocOptions{.client = draw_client_id(random), .cleanup = false});
}

/// Whether the schema is one, and the document begins as it says.
Result<void> check_schema(const Value& schema, crdt::Doc& doc, const std::string& url) {
  if (schema.is_null() || schema.is_undefined()) return {};
  SYNCLINE_TRY_ASSIGN(compiled, schema::Schema::compile(schema));
  SYNCLINE_TRY_ASSIGN(root, doc.root(object::kDataRoot, crdt::TypeKind::kMap));
  return object::check(compiled, root->to_json(), url);
}

Error unexpected(const bus::Body& body) {
  return {Code::kInternal, "the host answered with \"" + std::string(bus::name_of(body)) +
                               "\", which is no answer to this request"};
}

/// The answer as the message it must be.
template <typename M>
Result<M> expect(Result<Answer> answer) {
  if (!answer.ok()) return answer.error();
  if (M* message = std::get_if<M>(&answer->body)) return std::move(*message);
  return unexpected(answer->body);
}

}  // namespace

bool Syncer::Flush::settled() const {
  return std::ranges::all_of(targets, [](const auto& target) {
    const auto replica = target.first.lock();
    return !replica || (replica->confirmed() && replica->settled() >= target.second);
  });
}

Syncer::Syncer(Executor& executor, Clock& clock, Random& random, transport::Connector& connector,
               Options options)
    : executor_(executor),
      clock_(clock),
      random_(random),
      identity_(options.link.identity),
      options_(std::move(options)),
      requests_(executor),
      link_(executor, clock, random, connector, options_.link, *this) {
  if (options_.storage != nullptr) {
    open_store();
  } else {
    ready_ = Result<void>();
    link_.start();
  }
}

Syncer::~Syncer() {
  alive_.reset();
  link_.stop();
  for (const auto& [url, replica] : replicas_) replica->detach();
  for (const auto& replica : ended_) replica->detach();
  const Error ended(Code::kUnavailable, "the syncer ended");
  requests_.fail_all(ended);
  for (Flush& flush : std::exchange(flushes_, {})) flush.done(ended);
  for (auto& [url, creating] : std::exchange(creating_, {})) {
    creating.done(ended);
    for (const Done<Object>& done : creating.subscribing) done(ended);
  }
  for (const Done<void>& waiting : std::exchange(waiting_, {})) waiting(ended);
}

// ---- what a hyperty asks for ----

void Syncer::create(const std::string& url, const Value& initial, CreateRequest request,
                    Done<Object> done) {
  if (!initial.is_object()) {
    later([done] {
      done(Error(Code::kMalformed, "a data object begins as a JSON object, {\"name\": value, …}"));
    });
    return;
  }
  auto doc = make_doc(random_);
  doc->transact([&](crdt::Transaction& transaction) {
    Result<crdt::SharedType*> root =
        transaction.doc().root(object::kDataRoot, crdt::TypeKind::kMap);
    SYNCLINE_CHECK(root.ok(), "a new document has a root of another kind");
    crdt::Map map(**root);
    for (const auto& [name, value] : initial.members()) map.set(name, crdt::shared(value));
  });
  Bytes state = doc->encode_state_as_update_v1();
  create_with(url, std::move(doc), std::move(state), std::move(request), std::move(done));
}

void Syncer::create_from(const std::string& url, Bytes state, CreateRequest request,
                         Done<Object> done) {
  auto doc = make_doc(random_);
  Result<crdt::Applied> applied = doc->apply_update_v1(state);
  if (applied.ok() && applied->pending)
    applied = Error(Code::kConflict, "gap", "the document lacks changes it depends on");
  if (!applied.ok()) {
    later([done, error = applied.error()] { done(error); });
    return;
  }
  create_with(url, std::move(doc), std::move(state), std::move(request), std::move(done));
}

void Syncer::create_with(const std::string& url, std::unique_ptr<crdt::Doc> doc, Bytes state,
                         CreateRequest request, Done<Object> done) {
  Result<std::string> canonical = bus::object_url(url);
  if (canonical.ok())
    if (const Result<void> kept = check_schema(request.schema, *doc, *canonical); !kept.ok())
      canonical = kept.error();
  if (!canonical.ok()) {
    later([done, error = canonical.error()] { done(error); });
    return;
  }
  bus::Create create{.url = *canonical,
                     .nonce = draw_nonce(random_),
                     .schema = request.schema,
                     .access = std::move(request.access),
                     .state = std::move(state),
                     .invite = std::move(request.invite),
                     .durable = request.durable};
  if (store_) return create_kept(*canonical, std::move(doc), std::move(create), std::move(done));
  // Done is copyable, so what it holds is shared.
  const auto held = std::make_shared<std::unique_ptr<crdt::Doc>>(std::move(doc));
  this->request(std::move(create), Repeat::kYes,
                [this, canonical = *canonical, held, done,
                 schema = std::move(request.schema)](Result<Answer> answer) {
                  const bool repeated = answer.ok() && answer->repeated;
                  Result<bus::Created> created = expect<bus::Created>(std::move(answer));
                  if (!created.ok()) return done(created.error());
                  const auto replica =
                      std::make_shared<Replica>(context(), canonical, std::move(*held));
                  if (const auto old = this->replica(canonical))
                    old->end({Code::kGone, canonical + " was deleted and made anew"});
                  replicas_[canonical] = replica;
                  replica->use_schema(schema);
                  replica->created(*created, repeated);
                  done(replica->live());
                });
}

void Syncer::subscribe(const std::string& url, Done<Object> done) {
  Result<std::string> canonical = bus::object_url(url);
  if (!canonical.ok()) {
    later([done, error = canonical.error()] { done(error); });
    return;
  }
  if (!ready_ || !ready_->ok()) {
    when_ready([this, url, done](const Result<void>& ready) {
      ready.ok() ? subscribe(url, done) : done(ready.error());
    });
    return;
  }
  if (const auto creating = creating_.find(*canonical); creating != creating_.end()) {
    creating->second.subscribing.push_back(std::move(done));
    return;
  }
  if (const auto known = replica(*canonical)) {
    later([done, live = known->live()] { done(live); });
    return;
  }
  auto& waiting = subscribing_[*canonical];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  request(bus::Subscribe{.url = *canonical, .state_vector = crdt::StateVector().encode()},
          Repeat::kYes, [this, canonical = *canonical](Result<Answer> answer) {
            subscribed(canonical, std::move(answer));
          });
}

void Syncer::subscribed(const std::string& url, Result<Answer> answer) {
  const std::vector<Done<Object>> waiting = std::move(subscribing_[url]);
  subscribing_.erase(url);
  Result<bus::Subscribed> subscribed = expect<bus::Subscribed>(std::move(answer));
  std::shared_ptr<Replica> known = replica(url);
  Result<void> opened;
  if (known) {  // It was created meanwhile.
    // The answer's channel took the place of the replica's.
    if (subscribed.ok()) known->refresh();
  } else if (!subscribed.ok()) {
    opened = subscribed.error();
  } else {
    known = std::make_shared<Replica>(context(), url, make_doc(random_),
                                      store_ ? store_->journal(url) : nullptr);
    replicas_[url] = known;
    opened = known->subscribed(*subscribed);
    if (!opened.ok()) known->end(opened.error());
  }
  if (const auto creating = creating_.find(url); creating != creating_.end()) {
    // Whose object it is will be known when the create is answered.
    for (const Done<Object>& done : waiting) creating->second.subscribing.push_back(done);
    return;
  }
  for (const Done<Object>& done : waiting) {
    if (opened.ok()) {
      done(known->live());
    } else {
      done(opened.error());
    }
  }
}

void Syncer::unsubscribe(const std::string& url, Done<void> done) {
  const Result<std::string> canonical = bus::object_url(url);
  const auto known = canonical.ok() ? replica(*canonical) : nullptr;
  if (!known) {
    later([done, url] { done(Error(Code::kNotFound, url + " is not subscribed here")); });
    return;
  }
  flushes_.push_back({.targets = {{known, known->made()}},
                      .done = [this, known, done](auto) { unsubscribe_now(known, done); }});
  const auto flush = std::prev(flushes_.end());
  flush->timeout = executor_.after(tuning::kRequestTimeout, [this, flush] {
    const Done<void> give_up = std::move(flush->done);
    flushes_.erase(flush);
    give_up(Error(Code::kTimeout, "what was written is not acknowledged"));
  });
  later([this] { finish_flushes(); });
}

void Syncer::unsubscribe_now(const std::shared_ptr<Replica>& replica, Done<void> done) {
  const bus::Channel channel = replica->channel();
  replica->end(
      {Code::kUnavailable, "unsubscribed", replica->url() + " is not subscribed any more"});
  if (!link_.up() || channel == 0) return done({});  // The connection's end was the subscription's.
  request_done(bus::Unsubscribe{.channel = channel}, Repeat::kNo,
               [done](Result<void>) { done({}); });
}

void Syncer::remove(const std::string& url, Done<void> done) {
  request_done(bus::Delete{.url = url}, Repeat::kNo, std::move(done));
}

void Syncer::invite(const std::string& url, const std::string& identity, Done<void> done) {
  request_done(bus::Invite{.url = url, .identity = identity}, Repeat::kYes, std::move(done));
}

void Syncer::set_access(const std::string& url, Value access, std::uint64_t if_epoch,
                        Done<void> done) {
  request_done(bus::SetAccess{.url = url, .access = std::move(access), .if_epoch = if_epoch},
               Repeat::kNo, std::move(done));
}

void Syncer::read(const std::string& url, Place place, Done<Value> done) {
  request_value(bus::Read{.url = url,
                          .root = std::move(place.root),
                          .kind = std::move(place.kind),
                          .pointer = std::move(place.pointer)},
                std::move(done));
}

void Syncer::describe(const std::string& url, Done<Value> done) {
  request_value(bus::Describe{.url = url}, std::move(done));
}

void Syncer::list(const std::string& glob, const std::string& after, std::uint64_t limit,
                  Done<std::vector<bus::Entry>> done) {
  request(bus::List{.glob = glob, .after = after, .limit = limit}, Repeat::kYes,
          [done = std::move(done)](Result<Answer> answer) {
            Result<bus::Entries> entries = expect<bus::Entries>(std::move(answer));
            if (!entries.ok()) return done(entries.error());
            done(std::move(entries->entries));
          });
}

void Syncer::edit(const std::string& url, Place place, std::vector<bus::EditOp> ops,
                  Done<void> done) {
  request_done(bus::Edit{.url = url,
                         .root = std::move(place.root),
                         .kind = place.kind.empty() ? "map" : std::move(place.kind),
                         .ops = std::move(ops)},
               Repeat::kNo, std::move(done));
}

void Syncer::fetch(const std::string& url, Done<Bytes> done) {
  request(bus::Subscribe{.url = url, .state_vector = crdt::StateVector().encode(), .live = false},
          Repeat::kYes, [done = std::move(done)](Result<Answer> answer) {
            Result<bus::Subscribed> subscribed = expect<bus::Subscribed>(std::move(answer));
            if (!subscribed.ok()) return done(subscribed.error());
            std::vector<Bytes> parts;
            for (const bus::Part& part : subscribed->missing) parts.push_back(*part.update);
            if (parts.empty()) return done(crdt::encode_update_v1({}));
            if (parts.size() == 1) return done(std::move(parts.front()));
            done(crdt::merge_updates_v1(parts));
          });
}

Result<void> Syncer::import(const std::string& url, Bytes update) {
  SYNCLINE_TRY_ASSIGN(canonical, bus::object_url(url));
  const auto known = replica(canonical);
  if (!known) return Error(Code::kNotFound, url + " is not subscribed here");
  return known->import(std::move(update));
}

void Syncer::flush(Done<void> done) {
  Flush flush{.targets = {}, .done = std::move(done)};
  for (const auto& [url, replica] : replicas_) flush.targets.emplace_back(replica, replica->made());
  flushes_.push_back(std::move(flush));
  later([this] { finish_flushes(); });
}

std::vector<std::string> Syncer::urls() const {
  std::vector<std::string> urls;
  for (const auto& [url, replica] : replicas_) urls.push_back(url);
  return urls;
}

// ---- the link ----

void Syncer::on_up(const bus::Welcome& welcome) {
  trace(true, bus::Hello{});
  trace(false, welcome);
  if (options_.hooks.on_connection) options_.hooks.on_connection(true, {});
  requests_.send_unsent([this](const bus::Body& body) { send(body); });
  // Subscribing calls nobody back, so the map stays as it is.
  for (const auto& [url, replica] : replicas_) replica->on_up();
}

void Syncer::on_down(const Error& why, bool final) {
  channels_.clear();
  for (const auto& [url, replica] : replicas_) replica->on_down();
  // Who keeps objects goes on with them.
  if (final) final_ = why;
  while (!creating_.empty()) create_offline(creating_.begin()->first);
  if (options_.hooks.on_connection) options_.hooks.on_connection(false, why.message());
  if (final || !options_.wait_for_host) {
    requests_.fail_all(why);
  } else {
    requests_.on_down(why);
  }
}

void Syncer::on_sent() {
  std::vector<std::shared_ptr<Replica>> all;
  for (const auto& [url, replica] : replicas_) all.push_back(replica);
  for (const auto& replica : all) replica->on_sent();
}

void Syncer::on_body(bus::Body body) {
  trace(false, body);
  if (const auto* invitation = std::get_if<bus::Invitation>(&body)) {
    if (options_.hooks.on_invitation) options_.hooks.on_invitation(*invitation);
    return;
  }
  const bus::RequestId id = bus::request_of(body);
  if (id == 0) {
    to_replica(body);
  } else if (std::holds_alternative<bus::Provisional>(body)) {
    requests_.prolong(id);
  } else {
    bus::Channel opened = 0;
    if (const auto* subscribed = std::get_if<bus::Subscribed>(&body)) opened = subscribed->channel;
    if (const auto* created = std::get_if<bus::Created>(&body)) opened = created->channel;
    // The answer to a request that was given up opened a channel that nobody wants.
    if (!requests_.answer(std::move(body)) && opened != 0 && !channels_.contains(opened))
      send(bus::Unsubscribe{.channel = opened});
  }
}

void Syncer::to_replica(const bus::Body& body) {
  const auto find = [this](bus::Channel channel) -> std::shared_ptr<Replica> {
    const auto found = channels_.find(channel);
    return found == channels_.end() ? nullptr : found->second.lock();
  };
  const auto hand = [&](const auto& message, auto handler) {
    if (const auto replica = find(message.channel)) ((*replica).*handler)(message);
  };
  if (const auto* updated = std::get_if<bus::Updated>(&body)) {
    hand(*updated, &Replica::on_updated);
  } else if (const auto* ack = std::get_if<bus::Ack>(&body)) {
    hand(*ack, &Replica::on_ack);
  } else if (const auto* refused = std::get_if<bus::UpdateRefused>(&body)) {
    hand(*refused, &Replica::on_update_refused);
  } else if (const auto* current = std::get_if<bus::Current>(&body)) {
    hand(*current, &Replica::on_current);
  } else if (const auto* changed = std::get_if<bus::Changed>(&body)) {
    hand(*changed, &Replica::on_changed);
  } else if (const auto* unsubscribed = std::get_if<bus::Unsubscribed>(&body)) {
    hand(*unsubscribed, &Replica::on_unsubscribed);
  } else if (const auto* deleted = std::get_if<bus::Deleted>(&body)) {
    if (const auto replica = find(deleted->channel)) replica->on_deleted();
  }
  // Presence and events have no place in this API yet.
}

// ---- what replicas need ----

bool Syncer::may_send() const {
  return link_.up() && link_.queued_bytes() < tuning::kSendAheadBytes;
}

void Syncer::send(const bus::Body& body) {
  if (!link_.up()) return;
  trace(true, body);
  link_.send(body);
}

void Syncer::request(bus::Body body, Repeat repeat, Requests::Done done) {
  if (final_) {
    later([done, error = *final_] { done(error); });
    return;
  }
  requests_.add(std::move(body), repeat, std::move(done));
  if (link_.up()) requests_.send_unsent([this](const bus::Body& request) { send(request); });
}

void Syncer::request_done(bus::Body body, Repeat repeat, Done<void> done) {
  request(std::move(body), repeat, [done = std::move(done)](Result<Answer> answer) {
    const Result<bus::Done> finished = expect<bus::Done>(std::move(answer));
    done(finished.ok() ? Result<void>() : Result<void>(finished.error()));
  });
}

void Syncer::request_value(bus::Body body, Done<Value> done) {
  request(std::move(body), Repeat::kYes, [done = std::move(done)](Result<Answer> answer) {
    Result<bus::ValueReply> reply = expect<bus::ValueReply>(std::move(answer));
    if (!reply.ok()) return done(reply.error());
    done(std::move(reply->value));
  });
}

void Syncer::give_up_connection(const std::string& why) {
  log::warning("sync", why + "; connecting anew");
  link_.restart(why);
}

void Syncer::on_open(Replica& replica, bus::Channel channel) {
  channels_[channel] = replica.weak_from_this();
}

void Syncer::on_settled(Replica&) {
  if (!flushes_.empty()) later([this] { finish_flushes(); });
}

void Syncer::on_refused(Replica& replica, const Error& error) {
  if (options_.hooks.on_refused) options_.hooks.on_refused(replica.url(), error);
}

void Syncer::on_violation(Replica& replica, const Error& error) {
  if (options_.hooks.on_violation) options_.hooks.on_violation(replica.url(), error);
}

void Syncer::on_ended(Replica& replica) {
  std::erase_if(ended_, [](const auto& ended) { return ended->live().use_count() == 1; });
  const auto self = replica.shared_from_this();
  ended_.push_back(self);
  if (const auto found = replicas_.find(replica.url());
      found != replicas_.end() && found->second == self)
    replicas_.erase(found);
  if (options_.hooks.on_ended && replica.ended())
    options_.hooks.on_ended(replica.url(), *replica.ended());
}

void Syncer::finish_flushes() {
  std::list<Flush> done;
  for (auto flush = flushes_.begin(); flush != flushes_.end();) {
    const auto next = std::next(flush);
    if (flush->settled()) done.splice(done.end(), flushes_, flush);
    flush = next;
  }
  for (Flush& flush : done) {
    flush.timeout.reset();
    flush.done({});
  }
}

void Syncer::later(std::function<void()> task) {
  executor_.post([alive = std::weak_ptr(alive_), task = std::move(task)] {
    if (!alive.expired()) task();
  });
}

std::shared_ptr<Replica> Syncer::replica(const std::string& url) const {
  const auto found = replicas_.find(url);
  return found == replicas_.end() ? nullptr : found->second;
}

void Syncer::trace(bool sent, const bus::Body& body) const {
  if (options_.hooks.on_message) options_.hooks.on_message(sent, bus::name_of(body), url_of(body));
}

std::string Syncer::url_of(const bus::Body& body) const {
  return std::visit(
      [this](const auto& message) -> std::string {
        if constexpr (requires { message.url; }) {
          return message.url;
        } else if constexpr (requires { message.channel; }) {
          if (const auto found = channels_.find(message.channel); found != channels_.end()) {
            if (const auto replica = found->second.lock()) return replica->url();
          }
        }
        if constexpr (requires { message.request; }) {
          if (const bus::Body* asked = requests_.find(message.request); asked && message.request)
            return std::visit(
                [](const auto& question) -> std::string {
                  if constexpr (requires { question.url; }) return question.url;
                  return {};
                },
                *asked);
        }
        return {};
      },
      body);
}

}  // namespace syncline::sync
