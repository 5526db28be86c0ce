// SPDX-License-Identifier: GPL-2.0-only
#include "qmp.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace hm::vm
{

using nlohmann::json;

Qmp::Qmp()
{
	output_ = "{\"execute\":\"qmp_capabilities\",\"id\":\"hello\"}\n";
}

void Qmp::feed(std::string_view bytes)
{
	input_ += bytes;
	for (size_t eol = input_.find('\n'); eol != std::string::npos; eol = input_.find('\n')) {
		const std::string line = input_.substr(0, eol);
		input_.erase(0, eol + 1);
		take_line(line);
	}
}

void Qmp::take_line(const std::string &line)
{
	const json message = json::parse(line, nullptr, false);
	if (!message.is_object())
		return;
	if (message.contains("event")) {
		take_event(message);
	} else if (message.value("id", "") == "hello") {
		ready_ = true;
		if (step_)
			next();
	} else if (message.value("id", "") == "aside") {
		return;
	} else if (waiting_reply_ && message.contains("return")) {
		waiting_reply_ = false;
		next();
	} else if (waiting_reply_ && message.contains("error")) {
		waiting_reply_ = false;
		finish(fmt::format("{}: {}", step_->actions[index_].execute,
				   message["error"].value("desc", "unknown error")));
	}
}

void Qmp::take_event(const json &event)
{
	const std::string name = event.value("event", "");
	if (name == "SHUTDOWN")
		shutdown_reason_ = event.value("/data/reason"_json_pointer, "unknown");
	if (!step_)
		return;
	events_.push_back(name);
	// A guest that refuses an unplug says so; waiting for the time-out would hide the cause.
	if (waiting_event_ && (name == "MEM_UNPLUG_ERROR" || name == "DEVICE_UNPLUG_GUEST_ERROR") &&
	    step_->actions[index_].wait_event != name)
		finish(fmt::format("{}: the guest refused: {}", step_->actions[index_].execute,
				   event.contains("data") ? event["data"].dump() : name));
	else
		next();
}

void Qmp::command(const std::string &execute, const std::string &arguments)
{
	const json message = {
		{"execute", execute}, {"arguments", json::parse(arguments)}, {"id", "aside"}};
	output_ += message.dump() + "\n";
}

void Qmp::start(const Step &step, double now)
{
	step_ = step;
	index_ = 0;
	events_.clear();
	waiting_reply_ = false;
	waiting_event_ = false;
	now_ = began_ = now;
	finished_.reset();
	if (step_->actions.empty()) {
		finish("");
		return;
	}
	if (ready_)
		next();
}

void Qmp::next()
{
	// Called when something happened: begins the action, or sees whether its event has come.
	while (step_ && ready_ && !waiting_reply_) {
		const QmpAction &action = step_->actions[index_];
		if (!waiting_event_) {
			json command = {{"execute", action.execute}, {"id", "step"}};
			if (!action.arguments.empty())
				command["arguments"] = json::parse(action.arguments);
			output_ += command.dump() + "\n";
			began_ = now_;
			events_.clear();
			waiting_reply_ = true;
			waiting_event_ = true;
			return;
		}
		if (!action.wait_event.empty() &&
		    std::find(events_.begin(), events_.end(), action.wait_event) == events_.end())
			return;
		waiting_event_ = false;
		if (++index_ == step_->actions.size())
			finish("");
	}
}

void Qmp::tick(double now)
{
	now_ = now;
	if (!step_)
		return;
	const QmpAction &action = step_->actions[index_];
	if (now - began_ > action.timeout)
		finish(fmt::format("{}: no {} within {} s", action.execute,
				   waiting_reply_ || !ready_ ? "answer from QEMU"
							     : action.wait_event,
				   action.timeout));
}

void Qmp::finish(std::string cause)
{
	step_.reset();
	waiting_reply_ = false;
	waiting_event_ = false;
	events_.clear();
	finished_ = std::move(cause);
}

} // namespace hm::vm
