// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The QEMU monitor (QMP) as a state machine that an event loop feeds.
/// Protocol: QEMU's docs/interop/qmp-spec; one JSON object a line in each direction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "scenario.hpp"

namespace hm::vm
{

/// Carries out one step (a list of actions) at a time. Bytes to send are taken with take_output().
class Qmp
{
public:
	Qmp();

	/// Bytes that came from QEMU.
	void feed(std::string_view bytes);
	/// Bytes to be sent to QEMU; empty if none.
	std::string take_output() { return std::exchange(output_, {}); }

	/// Sends a command outside of any step and ignores the answer; `arguments` is a JSON
	/// object as text.
	void command(const std::string &execute, const std::string &arguments);

	/// Begins a step. `now` is any clock in seconds; used for time-outs of events.
	void start(const Step &step, double now);
	/// To be called now and then; notices time-outs and begins what can begin.
	void tick(double now);
	/// After a step has ended: empty for success, else the cause. Cleared by reading.
	std::optional<std::string> take_finished() { return std::exchange(finished_, {}); }
	[[nodiscard]] bool busy() const { return step_.has_value(); }

	/// The reason of the last SHUTDOWN event ("guest-shutdown", "guest-reset", ...), or empty.
	[[nodiscard]] const std::string &shutdown_reason() const { return shutdown_reason_; }

private:
	void take_line(const std::string &line);
	void take_event(const nlohmann::json &event);
	void next();
	void finish(std::string cause);

	std::string input_;
	std::string output_;
	bool ready_ = false;
	std::optional<Step> step_;
	size_t index_ = 0; ///< action under way
	bool waiting_reply_ = false;
	bool waiting_event_ = false;
	std::vector<std::string> events_; ///< names, since the action began
	double now_ = 0;
	double began_ = 0;
	std::optional<std::string> finished_;
	std::string shutdown_reason_;
};

} // namespace hm::vm
