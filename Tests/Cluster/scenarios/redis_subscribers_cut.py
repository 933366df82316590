"""CLIENT KILL of all subscriptions, and an output buffer that overflows: what the nodes missed they read from the log."""

from harness.stage import Stage

from scenarios.redis_lost import count_losses, notices


async def play(stage: Stage) -> None:
    async with stage.show(pause=0.02) as show:
        redis = show.cluster.redis
        await show.flow(50)
        cut = 0
        for _ in range(10):
            cut += await redis.kill_subscribers()
            await show.flow(20)
        stage.check("subscriptions of nodes were cut again and again", cut >= 10, cut)
        await notices(stage, show, "ok", 15)

        usual = (await redis.command("CONFIG", "GET", "client-output-buffer-limit")).splitlines()[-1]
        await redis.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1 1 1")
        overflows = 0
        for tenant in show.tenants:
            # More than fits in what Redis does not count: whoever is to hear it is thrown out.
            overflows += int(await redis.command("PUBLISH", f"bellhop:{tenant.id}:events", "x" * (64 << 10)))
            await show.flow(20)
        await redis.command("CONFIG", "SET", "client-output-buffer-limit", usual)
        said = redis.process.log.read_text().count("output buffer limits")
        stage.check("nodes were thrown out because their buffers overflowed", overflows > 0 and said > 0,
                    f"{overflows} were to hear it, Redis closed {said}")
        await notices(stage, show, "ok", 15)
        await show.flow(50)
        losses = count_losses(show)
        stage.check("no socket was closed because of it", losses == 0, losses)
