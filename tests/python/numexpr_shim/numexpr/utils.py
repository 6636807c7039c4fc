from ungil import detect_number_of_cores, set_vml_num_threads


def get_vml_num_threads():
    return None


__all__ = ["detect_number_of_cores", "get_vml_num_threads", "set_vml_num_threads"]
