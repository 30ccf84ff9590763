// YSession: the host's side of one y-websocket connection: any Yjs client, unchanged, on one room.
//
// The client knows neither acknowledgements nor refusals: what it may not write closes it (a live
// update) or is left out (its answer to our step 1, which may repeat what it wrote offline).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/session.hpp"

namespace syncline::sync {

class YSession final : public Session, private transport::ConnectionEvents {
 public:
  /// `create`: the object is made, open for all, when it does not exist. `on_ended`: nothing more
  /// comes or goes; to be destroyed, in a turn of its own.
  YSession(const SessionPorts& ports, Clock& clock, bus::Address address, std::string url,
           bool create, std::string identity, std::unique_ptr<transport::Connection> connection,
           std::function<void()> on_ended);
  ~YSession() override;

  void close(std::uint16_t code, const std::string& reason) override;

 private:
  /// Where the subscription stands.
  enum class State { kSilent, kSubscribing, kOpen, kClosed };
  /// What an answer of the room is for.
  enum class Want { kOpen, kOpenAndStep2, kStep2 };

  void on_message(ByteView message) override;
  void on_drained() override { outlet_.drained(); }
  void on_closed(const transport::Close& close) override;

  void take_step1(ByteView state_vector);
  void take_update(ByteView update, bool step2);
  void take_awareness(ByteView awareness);
  void subscribe(Want want, Bytes state_vector);
  void post(bus::Body body);
  void send(Bytes frame);
  void keep_alive();

  void deliver(bus::Message message);
  void opened(const bus::Subscribed& subscribed, Want want);
  void refused(const bus::UpdateRefused& refused);
  void end_with(Code code, const std::string& reason);

  const SessionPorts ports_;
  Clock& clock_;
  const bus::Address address_;
  const std::string url_;
  const bool create_;
  const std::string identity_;
  const std::function<void()> on_ended_;
  std::unique_ptr<transport::Connection> connection_;
  Outlet outlet_;
  Handle attached_;
  Handle first_step_;
  Handle alive_timer_;

  State state_ = State::kSilent;
  bus::RequestId last_request_ = 0;
  std::unordered_map<bus::RequestId, Want> wants_;
  std::uint64_t last_sequence_ = 0;
  /// Which of the updates under way answered our step 1.
  std::set<std::uint64_t> relayed_;
  /// Awareness that came before the room was open.
  std::vector<SharedBytes> early_;
  std::size_t early_bytes_ = 0;
  Duration sent_at_{0};
};

}  // namespace syncline::sync
