// Open requests by id. Callbacks may ask again, so nothing is iterated while one runs.
#include "sync/requests.hpp"

#include <string>
#include <utility>
#include <vector>

#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

void set_request(bus::Body& body, bus::RequestId id) {
  std::visit(
      [id](auto& message) {
        if constexpr (requires { message.request; }) message.request = id;
      },
      body);
}

/// The answer as a result: Refused becomes the error that it is.
Result<Answer> result_of(bus::Body body, bool repeated) {
  if (auto* refused = std::get_if<bus::Refused>(&body))
    return Error(refused->code, refused->reason, refused->message);
  return Answer{.body = std::move(body), .repeated = repeated};
}

}  // namespace

void Requests::add(bus::Body body, Repeat repeat, Done done) {
  const bus::RequestId id = ++last_id_;
  set_request(body, id);
  Open& open = open_[id];
  open.body = std::move(body);
  open.repeat = repeat;
  open.done = std::move(done);
  arm(id, open);
}

void Requests::send_unsent(const Send& send) {
  down_.reset();
  for (auto& [id, open] : open_) {
    if (std::exchange(open.sent, true)) continue;
    ++open.times_sent;
    send(open.body);
  }
}

bool Requests::answer(bus::Body body) {
  const bus::RequestId id = bus::request_of(body);
  const auto found = open_.find(id);
  if (found == open_.end()) return false;
  finish(id, result_of(std::move(body), found->second.times_sent > 1));
  return true;
}

void Requests::prolong(bus::RequestId id) {
  if (const auto found = open_.find(id); found != open_.end()) arm(id, found->second);
}

const bus::Body* Requests::find(bus::RequestId id) const {
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : &found->second.body;
}

void Requests::on_down(const Error& why) {
  down_ = why;
  std::vector<bus::RequestId> lost;
  for (auto& [id, open] : open_) {
    if (open.sent && open.repeat == Repeat::kNo) lost.push_back(id);
    open.sent = false;
  }
  for (const bus::RequestId id : lost) {
    finish(id, Error(Code::kUnavailable,
                     why.message() + "; whether the request was carried out is not known"));
  }
}

void Requests::fail_all(const Error& why) {
  std::vector<bus::RequestId> all;
  for (const auto& [id, open] : open_) all.push_back(id);
  for (const bus::RequestId id : all) finish(id, why);
}

void Requests::arm(bus::RequestId id, Open& open) {
  open.timeout = executor_.after(tuning::kRequestTimeout, [this, id] { time_out(id); });
}

void Requests::time_out(bus::RequestId id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  const std::string seconds = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(tuning::kRequestTimeout).count());
  if (!found->second.sent) {
    finish(id, Error(Code::kUnavailable, "not connected for " + seconds + " s" +
                                             (down_ ? ": " + down_->message() : std::string())));
  } else {
    finish(id, Error(Code::kTimeout, "the host did not answer \"" +
                                         std::string(bus::name_of(found->second.body)) +
                                         "\" within " + seconds + " s"));
  }
}

void Requests::finish(bus::RequestId id, Result<Answer> result) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  const Done done = std::move(found->second.done);
  open_.erase(found);
  done(std::move(result));
}

}  // namespace syncline::sync
