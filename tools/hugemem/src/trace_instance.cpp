// SPDX-License-Identifier: GPL-2.0-only
#include "trace_instance.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

/// The value of NAME=VALUE in a line, up to a blank.
std::string value_of(std::string_view line, std::string_view name)
{
	const std::string key = fmt::format(" {}=", name);
	const std::size_t at = line.find(key);
	if (at == std::string_view::npos)
		return {};
	line.remove_prefix(at + key.size());
	return std::string(line.substr(0, line.find_first_of(" \n")));
}

} // namespace

Result<TraceInstance> TraceInstance::open(const std::string &event)
{
	std::string last = "not mounted";
	for (const char *root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
		if (::access((std::string(root) + "/instances").c_str(), F_OK) != 0) {
			last = std::strerror(errno);
			continue;
		}
		if (::access((std::string(root) + "/events/" + event).c_str(), F_OK) != 0)
			return fail(Exit::environment, "tracepoint " + event, std::strerror(errno),
				    "it comes with the series; --interval shows the counters");
		const std::string dir = fmt::format("{}/instances/hugemem-{}", root, ::getpid());
		if (::mkdir(dir.c_str(), 0700) != 0)
			return fail(Exit::environment, dir, std::strerror(errno), "run as root");
		TraceInstance instance(dir, Fd(::open((dir + "/trace_pipe").c_str(),
						      O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
		const Fd enable(::open((dir + "/events/" + event + "/enable").c_str(),
				       O_WRONLY | O_CLOEXEC));
		if (!instance.pipe_ || !enable || ::write(enable.get(), "1", 1) != 1)
			return fail(Exit::environment, dir, std::strerror(errno));
		return instance;
	}
	return fail(Exit::environment, "tracefs", last,
		    "mount -t tracefs tracefs /sys/kernel/tracing, and run as root");
}

TraceInstance::TraceInstance(TraceInstance &&other) noexcept
	: dir_(std::exchange(other.dir_, {})), pipe_(std::move(other.pipe_)),
	  buffer_(std::move(other.buffer_))
{
}

TraceInstance::~TraceInstance()
{
	pipe_.reset(); // an instance in use cannot be removed
	if (!dir_.empty())
		::rmdir(dir_.c_str());
}

std::optional<std::string> TraceInstance::next(std::chrono::milliseconds timeout)
{
	const auto until = std::chrono::steady_clock::now() + timeout;
	for (;;) {
		if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
			std::string line = buffer_.substr(0, end);
			buffer_.erase(0, end + 1);
			return line;
		}
		const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
			until - std::chrono::steady_clock::now());
		pollfd ready{.fd = pipe_.get(), .events = POLLIN, .revents = 0};
		if (left.count() < 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
			return std::nullopt;
		std::array<char, 4096> chunk{};
		const ssize_t got = ::read(pipe_.get(), chunk.data(), chunk.size());
		if (got > 0)
			buffer_.append(chunk.data(), static_cast<std::size_t>(got));
		else if (got == 0 || errno != EAGAIN)
			return std::nullopt;
	}
}

std::optional<PinFailure> parse_pin_failure(std::string_view line)
{
	// "       task-name-123     [001] ....  12.345678: mm_pin_migrate_fail: pfn=0x1 ..."
	const std::size_t cpu = line.find(" [");
	if (cpu == std::string_view::npos ||
	    line.find(": mm_pin_migrate_fail: ") == std::string_view::npos)
		return std::nullopt;
	std::string_view who = line.substr(0, cpu);
	while (who.ends_with(' '))
		who.remove_suffix(1);
	while (who.starts_with(' '))
		who.remove_prefix(1);
	const std::size_t dash = who.rfind('-');
	PinFailure failure;
	if (dash == std::string_view::npos)
		return std::nullopt;
	failure.task = who.substr(0, dash);
	const char *end = who.data() + who.size();
	const auto [stop, bad] = std::from_chars(who.data() + dash + 1, end, failure.pid);
	if (bad != std::errc{} || stop != end)
		return std::nullopt;
	failure.pfn = value_of(line, "pfn");
	failure.zone = value_of(line, "zone");
	failure.cause = value_of(line, "cause");
	return failure;
}

} // namespace hugemem
