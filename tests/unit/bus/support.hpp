// Messages as JSON, for comparing them with golden vectors and for readable failures.
#pragma once

#include <string>
#include <vector>

#include "bus/layout.hpp"
#include "encoding/json.hpp"

namespace syncline::bus::testing {

inline std::string to_hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

inline Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

/// A visitor of Layout::fields that builds the JSON form of golden/messages.json.
class Printer {
 public:
  template <typename T>
  void operator()(const char* field, const T& value) {
    out_.set(field, print(value));
  }
  Value take() { return std::move(out_); }
  void start(Value message) { out_ = std::move(message); }

 private:
  static Value print(std::uint64_t number) { return number; }
  static Value print(bool flag) { return flag; }
  static Value print(const std::string& text) { return text; }
  static Value print(const Bytes& bytes) { return Value::object({{"$hex", to_hex(bytes)}}); }
  static Value print(const SharedBytes& bytes) { return print(bytes ? *bytes : Bytes()); }
  static Value print(const Value& value) {
    if (value.kind() == Value::Kind::kBinary) return print(value.binary());
    Value copy = value;
    if (copy.is_array())
      for (Value& item : copy.items()) item = print(item);
    if (copy.is_object())
      for (auto& [name, member] : copy.members()) member = print(member);
    return copy;
  }
  static Value print(Code code) { return static_cast<int>(code); }
  static Value print(Correction correction) { return static_cast<int>(correction); }
  static Value print(const Position& at) {
    return Value::object({{"incarnation", at.incarnation}, {"seq", at.seq}});
  }
  static Value print(const std::optional<Position>& at) { return at ? print(*at) : Value(); }
  static Value print(const Part& part) {
    return Value::object({{"by", part.by}, {"update", print(part.update)}});
  }
  static Value print(const EditOp& op) {
    return Value::object({{"op", op.op}, {"pointer", op.pointer}, {"value", print(op.value)}});
  }
  static Value print(const Entry& entry) {
    return Value::object({{"url", entry.url}, {"about", print(entry.about)}});
  }
  template <typename T>
  static Value print(const std::vector<T>& list) {
    Value::Array items;
    for (const T& item : list) items.push_back(print(item));
    return items;
  }

  Value out_ = Value::object();
};

inline Value to_value(const Body& body) {
  return std::visit(
      [&](const auto& message) {
        Printer printer;
        printer.start(
            Value::object({{"type", std::string(name_of(body))}, {"request", request_of(body)}}));
        Layout<std::decay_t<decltype(message)>>::fields(printer, message);
        return printer.take();
      },
      body);
}

}  // namespace syncline::bus::testing
