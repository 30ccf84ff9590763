// Invitations: who is invited where and has not come yet, and which sessions would like to know.
//
// What is durable is in the objects' heads; this is the index over them that a hello is answered
// from.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bus/message.hpp"
#include "room/head.hpp"

namespace syncline::room {

/// Value type.
class Invitations {
 public:
  /// A session is there for an identity, until it ends.
  void session_began(const bus::Address& session, const std::string& identity) {
    sessions_[identity].insert(session);
  }
  void session_ended(const bus::Address& session) {
    for (auto each = sessions_.begin(); each != sessions_.end();) {
      each->second.erase(session);
      each = each->second.empty() ? sessions_.erase(each) : std::next(each);
    }
  }
  std::vector<bus::Address> sessions_of(const std::string& identity) const {
    const auto found = sessions_.find(identity);
    if (found == sessions_.end()) return {};
    return {found->second.begin(), found->second.end()};
  }

  void add(const std::string& identity, const bus::Invitation& invitation) {
    waiting_[identity][invitation.url] = invitation.from;
  }
  /// Those of a stored head.
  void add(const Head& head) {
    if (head.deleted_ms) return;
    for (const Invited& one : head.invited)
      if (one.pending) waiting_[one.identity].emplace(head.url, one.from);
  }
  void remove(const std::string& identity, const std::string& url) {
    const auto found = waiting_.find(identity);
    if (found == waiting_.end()) return;
    found->second.erase(url);
    if (found->second.empty()) waiting_.erase(found);
  }
  void remove(const Head& head) {
    for (const Invited& one : head.invited) remove(one.identity, head.url);
  }

  std::vector<bus::Invitation> waiting_for(const std::string& identity) const {
    std::vector<bus::Invitation> out;
    const auto found = waiting_.find(identity);
    if (found == waiting_.end()) return out;
    for (const auto& [url, from] : found->second) out.push_back({.url = url, .from = from});
    return out;
  }

 private:
  std::map<std::string, std::set<bus::Address>> sessions_;
  /// By identity, then URL: who invited.
  std::map<std::string, std::map<std::string, std::string>> waiting_;
};

}  // namespace syncline::room
