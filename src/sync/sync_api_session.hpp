// SyncApiSession: the host's side of one sync-api connection (docs/PROTOCOL.md). It turns frames
// into messages on the bus, and messages for its address into frames.
//
// Here a connection becomes an identity: what is on the bus in its name was checked here, and
// nothing of it was taken from a later frame. And here URLs become channel numbers.
#pragma once

#include <string>
#include <unordered_map>

#include "sync/session.hpp"

namespace syncline::sync {

class SyncApiSession final : public Session, private transport::ConnectionEvents {
 public:
  /// `outside`: what is known of the other side before it says hello (a token or identity in the
  /// URL); what hello says goes before. `on_ended`: nothing more comes or goes; to be destroyed, in
  /// a turn of its own.
  SyncApiSession(const SessionPorts& ports, bus::Address address, Claim outside,
                 std::unique_ptr<transport::Connection> connection, std::function<void()> on_ended);
  ~SyncApiSession() override;

  void close(std::uint16_t code, const std::string& reason) override;

 private:
  struct Following {
    std::string url;
    std::uint64_t next_sequence = 1;
  };
  /// A request on its way through the bus.
  struct Asked {
    enum class Kind { kOther, kFollow, kUnsubscribe };
    Kind kind = Kind::kOther;
    std::string url;
  };

  void on_message(ByteView message) override;
  void on_drained() override { outlet_.drained(); }
  void on_closed(const transport::Close& close) override;

  void greet(bus::Body body);
  void welcome(bus::RequestId request);
  void take(bus::Body body);
  void take_update(bus::Update update);
  void take_unsubscribe(const bus::Unsubscribe& unsubscribe);
  void ask(std::string to, Asked::Kind kind, bus::Body body);
  void ask_object(bus::Body body, Asked::Kind kind);
  void post(const std::string& to, bus::Body body);
  void send(const bus::Body& body);
  void refuse(bus::RequestId request, const Error& error);
  void fail(const std::string& why);

  void deliver(bus::Message message);
  void deliver_answer(bus::Message message);
  void deliver_news(bus::Message message);
  void deliver_to_nobody(const bus::Message& message);
  bus::Channel open_channel(const std::string& url);
  void end_channel(const std::string& url);
  void end();

  const SessionPorts ports_;
  const bus::Address address_;
  const Claim outside_;
  const std::function<void()> on_ended_;
  std::unique_ptr<transport::Connection> connection_;
  Outlet outlet_;
  Handle attached_;
  Handle hello_timer_;

  std::string identity_;
  bool greeted_ = false;
  bool closed_ = false;
  std::unordered_map<bus::Channel, Following> channels_;
  std::unordered_map<std::string, bus::Channel> channel_of_;
  bus::Channel last_channel_ = 0;
  std::unordered_map<bus::RequestId, Asked> asked_;
  bus::RequestId last_request_ = 0;
};

}  // namespace syncline::sync
