# test run
# run: show(3, 0.1, True) == None, prints "3 0.1 True\ntuple (3, 0.1) None\n\n"
# run: element(array([0.1], float32)) == None, prints "0.1 (np.float32(0.1),)\n"


def show(a, b, c):
    print(a, b, c)
    print("tuple", (a, b), None)
    print()


def element(a):
    print(a[0], (a[0],))
