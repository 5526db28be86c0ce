// SPDX-License-Identifier: GPL-2.0-only
#include "trace_instance.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "text_file.hpp"

namespace hugemem
{
namespace
{

bool put(const std::string &path, std::string_view text)
{
	const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
	return fd &&
	       ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

} // namespace

Result<std::string> tracefs_root()
{
	std::string last = "not mounted";
	for (const char *root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
		if (::access((std::string(root) + "/instances").c_str(), F_OK) == 0)
			return root;
		last = std::strerror(errno);
	}
	return fail(Exit::environment, "tracefs", last,
		    "mount -t tracefs tracefs /sys/kernel/tracing, and run as root");
}

std::optional<std::string> event_format(const std::string &root, const std::string &event)
{
	auto text = read_text(fmt::format("{}/events/{}/format", root, event));
	return text ? std::optional(std::move(*text)) : std::nullopt;
}

Result<TraceInstance> TraceInstance::open(const std::vector<TraceEvent> &events)
{
	const auto root = tracefs_root();
	if (!root)
		return tl::unexpected(root.error());
	const std::string dir = fmt::format("{}/instances/hugemem-{}", *root, ::getpid());
	if (::mkdir(dir.c_str(), 0700) != 0)
		return fail(Exit::environment, dir, std::strerror(errno), "run as root");
	TraceInstance instance(
		dir, Fd(::open((dir + "/trace_pipe").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
	if (!instance.pipe_)
		return fail(Exit::environment, dir + "/trace_pipe", std::strerror(errno));
	for (const TraceEvent &event : events) {
		const std::string files = fmt::format("{}/events/{}", dir, event.name);
		if ((!event.filter.empty() && !put(files + "/filter", event.filter)) ||
		    !put(files + "/enable", "1"))
			return fail(Exit::environment, "tracepoint " + event.name,
				    std::strerror(errno));
	}
	return instance;
}

void TraceInstance::stop()
{
	put(dir_ + "/tracing_on", "0");
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
		std::array<char, 4096> chunk{};
		const ssize_t got = ::read(pipe_.get(), chunk.data(), chunk.size());
		if (got > 0) {
			buffer_.append(chunk.data(), static_cast<std::size_t>(got));
			continue;
		}
		const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
			until - std::chrono::steady_clock::now());
		if (got == 0 || errno != EAGAIN || left.count() <= 0)
			return std::nullopt;
		// Later kernels wake those who wait only when half of the buffer is full.
		constexpr std::chrono::milliseconds look_again{50};
		pollfd ready{.fd = pipe_.get(), .events = POLLIN, .revents = 0};
		if (::poll(&ready, 1, static_cast<int>(std::min(left, look_again).count())) < 0)
			return std::nullopt;
	}
}

} // namespace hugemem
