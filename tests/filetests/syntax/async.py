# test parse
async def f():
    async with a as b, c: pass
    async for x in y: pass
    await z
    return [i async for i in j if await k]
@d
async def g(): yield

# ---
# (async-def f [] [] [] [] _ [] _ _ [(async-with [((name a) (name b)) ((name c) _)] [(pass)]) (async-for (name x) (name y) [(pass)] []) (expr (await (name z))) (return (list-comp (name i) [(async-for (name i) (name j) [(await (name k))])]))])
# (async-def g [(name d)] [] [] [] _ [] _ _ [(expr (yield _))])
